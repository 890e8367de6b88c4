import type { ProblemBatch, Task } from '../task/task.js';
import type { MachineOutcome, TaskMachine } from './task-machine.js';
import type { ArgumentsOf, ToolCall } from './tool-parameters.js';

/** Problems of a {@link ToolTask}. Plain data, when problems are. */
export interface ToolBatch<Problem> extends ProblemBatch {
  /** The problems, `[n]`. */
  readonly problems: readonly Problem[];
}

/** One step of a {@link ProgramTrace}: one token, or a whole call with its arguments. */
export interface TraceStep<State, Tool extends string, Milestone extends string = string, Parameters = unknown> {
  /** Text of the token; of a call with arguments, of each of its tokens, separated by spaces. */
  readonly token: string;
  /** The tool it stands for; undefined for other tokens. */
  readonly tool: Tool | undefined;
  /** Whether a tool ran. */
  readonly applied: boolean;
  /** Milestones reached by this step. */
  readonly milestones: readonly Milestone[];
  /** A copy of the state after the step. */
  readonly state: State;
  /**
   * The arguments, by name; those that were emitted, where the call was broken off.
   *
   * @defaultValue absent for tools without parameters
   */
  readonly arguments?: ArgumentsOf<Parameters, Tool>;
  /**
   * Tokens of the step, those of arguments among them.
   *
   * @defaultValue 1; absent in open loop
   */
  readonly tokenCount?: number;
  /**
   * What the network heard before it, as texts of symbols.
   *
   * @defaultValue absent in open loop
   */
  readonly heard?: readonly string[];
  /**
   * What the step earned: the milestones it reached, and at the end success.
   *
   * @defaultValue absent in open loop
   */
  readonly reward?: number;
}

/** A program, step by step, up to its end. */
export interface ProgramTrace<State, Tool extends string, Milestone extends string = string, Parameters = unknown> extends MachineOutcome {
  /** The steps executed. */
  readonly steps: readonly TraceStep<State, Tool, Milestone, Parameters>[];
  /** Whether a tool ended the program, rather than the last token. */
  readonly ended: boolean;
}

/** What an agent answered to one problem, read by {@link ToolTask.decode}. */
export interface DecodedProgram<Problem, State, Tool extends string = string, Milestone extends string = string, Parameters = unknown> {
  /** The problem that it is for. */
  readonly problem: Problem;
  /** Names of the tools emitted up to the end of the program, in order, those that could not be used among them. */
  readonly tools: readonly Tool[];
  /** Whether the stated target was met. */
  readonly success: boolean;
  /**
   * The calls emitted up to the end, with their arguments, as {@link ToolTask.program} takes them; one that was broken off is left out.
   *
   * @defaultValue absent in open loop, where `tools` says it all
   */
  readonly calls?: readonly ToolCall<Tool, Parameters>[];
  /** The steps executed, as in {@link ToolTask.trace}. */
  readonly steps: readonly TraceStep<State, Tool, Milestone, Parameters>[];
}

/** A {@link Task} whose tokens are tools written as functions; made by {@link defineTask}. Stages may be given by name or by id. */
export interface ToolTask<
  Problem = unknown,
  State = unknown,
  Tool extends string = string,
  Stage extends string = string,
  Milestone extends string = string,
  Parameters = unknown,
  Declared = unknown,
> extends Task<ToolBatch<Problem>> {
  /** Name of each stage, `[S]`. */
  readonly stages: readonly Stage[];
  /** Each stage as it was declared and as the definition's functions are given it, `[S]`. */
  readonly declaredStages: readonly Declared[];
  /** Names of the tools, in the order of their tokens. */
  readonly tools: readonly Tool[];
  /** Names of the milestones, in the order of their declaration. */
  readonly milestones: readonly Milestone[];
  /** The token that fills up contexts and programs. */
  readonly padToken: number;
  /** Whether the network reads the padding of shorter contexts. */
  readonly padding: 'skip' | 'read';
  /** The machine, one token at a time. */
  readonly machine: TaskMachine<Problem, State, Tool>;
  /**
   * The token id of a tool.
   *
   * @param tool - Its name.
   * @returns Token id.
   * @throws {@link TaskError} when the task has no such tool.
   */
  token(tool: Tool): number;
  /**
   * Writes a program by hand.
   *
   * @param calls - Names of tools, in the order of their use, and for a tool with parameters the pair of its name and its arguments, such as
   * `['REFUND', { amount: 'full' }]`; at most `T` tokens, with one for each argument.
   * @returns Token ids, `[T]`, filled up with the pad token.
   * @throws {@link TaskError} when there are more tokens than the horizon, a name is unknown, or an argument is missing or none of its
   * parameter's values.
   */
  program(...calls: ToolCall<Tool, Parameters>[]): Int32Array;
  /**
   * Makes a batch from problems of your own, all of one stage: what an agent in use is asked.
   *
   * @param problems - The problems, `[n]`.
   * @param stage - Stage name or id.
   * @returns The batch: contexts `[n, L]` and stages `[n]`.
   * @throws {@link TaskError} when the stage is unknown, or `encode` throws or returns something that is no symbol; then with the
   * `problemIndex`.
   */
  encode(problems: readonly Problem[], stage: Stage | number): ToolBatch<Problem>;
  /**
   * Reads what an agent answered: splits the actions by problem, executes each program and says what it did.
   *
   * @param batch - What {@link ToolTask.encode} or `sample` returned.
   * @param actions - Token ids, one program a problem, `[n, T]`: `actions` of the rollout.
   * @returns One entry a problem, in the order of the batch.
   * @throws {@link TaskError} when the batch is none of this task, the actions are not n × T token ids, or a function of the definition throws;
   * then with the `problemIndex`.
   */
  decode(batch: ToolBatch<Problem>, actions: ArrayLike<number>): DecodedProgram<Problem, State, Tool, Milestone, Parameters>[];
  /**
   * Executes a program and says what happened at each step.
   *
   * @param problem - The problem.
   * @param stage - Stage name or id.
   * @param actions - Token ids of one program, at most `T`; those after its end are not looked at.
   * @returns The steps executed, and what the program is worth.
   * @throws {@link TaskError} when the stage is unknown, there are more than `T` tokens, or a function of the definition throws.
   */
  trace(problem: Problem, stage: Stage | number, actions: ArrayLike<number>): ProgramTrace<State, Tool, Milestone, Parameters>;
}
