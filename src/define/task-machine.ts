import type { Arguments, ArgumentValue } from './tool-parameters.js';

/** A parameter as the machine knows it. */
export interface MachineParameter {
  /** Its name. */
  readonly name: string;
  /** Its values: texts, or numbers from 0. */
  readonly values: readonly ArgumentValue[];
  /** The token id of each value. */
  readonly tokens: readonly number[];
}

/** A tool as the machine knows it. */
export interface MachineTool<Tool extends string = string> {
  /** Its name. */
  readonly name: Tool;
  /** Its token id. */
  readonly token: number;
  /** Whether using it ends the program. */
  readonly ends: boolean;
  /**
   * Whether it has a `run`, and so does something.
   *
   * @defaultValue not known
   */
  readonly runs?: boolean | undefined;
  /**
   * Its parameters, in the order in which they are emitted.
   *
   * @defaultValue none
   */
  readonly parameters?: readonly MachineParameter[] | undefined;
}

/** A call of which not all arguments have been emitted. */
export interface PendingCall {
  /** Name of the tool. */
  readonly tool: string;
  /** The arguments so far, by name. */
  readonly arguments: Arguments;
}

/** A call that is due: all its tokens are there, and `when` says yes to it. */
export interface MachineCall<Tool extends string = string> {
  /** Name of the tool. */
  readonly tool: Tool;
  /** The arguments, by name; none for a tool without parameters. */
  readonly arguments: Arguments;
}

/** A program under way. Only the machine changes it. */
export interface MachineRun<Problem, State> {
  /** The problem. */
  readonly problem: Problem;
  /** Stage id. */
  readonly stage: number;
  /** The state so far. */
  readonly state: State;
  /** Bit set of the milestones reached, in the order of their declaration. */
  readonly milestones: number;
  /** Tokens executed. */
  readonly steps: number;
  /** Whether a tool has ended the program. */
  readonly ended: boolean;
  /**
   * Whether the program is over because no tool applied.
   *
   * @defaultValue absent in open loop
   */
  readonly truncated?: boolean;
  /**
   * The call that waits for arguments.
   *
   * @defaultValue undefined; absent in open loop
   */
  readonly pending?: PendingCall | undefined;
}

/** What a program is worth. */
export interface MachineOutcome {
  /** Whether the stated target was met. */
  readonly success: boolean;
  /** The return, in full precision. */
  readonly episodeReturn: number;
}

/**
 * The machine under a {@link ToolTask}, one token at a time: what search, explanations and tests are made of. Its methods throw a
 * {@link TaskError} that names the function of the definition at fault.
 */
export interface TaskMachine<Problem, State, Tool extends string = string> {
  /** The tools, in the order of their tokens. */
  readonly tools: readonly MachineTool<Tool>[];
  /** Whether tokens that are no tool may be emitted, so that a program can let steps pass. */
  readonly canIdle: boolean;
  /**
   * Whether what is heard or what may be emitted changes on the way.
   *
   * @defaultValue false: open loop
   */
  readonly closedLoop?: boolean;
  /**
   * Whether a tool that cannot be used may change the state.
   *
   * @defaultValue false
   */
  readonly answersRefusals?: boolean;
  /**
   * Begins a program.
   *
   * @param problem - The problem.
   * @param stage - Stage id.
   * @returns The program before its first token.
   */
  start(problem: Problem, stage: number): MachineRun<Problem, State>;
  /**
   * Executes one token in place. A token that is no tool, or a tool that cannot be used, only takes a step; a tool with parameters runs at the
   * token of its last argument.
   *
   * @param run - The program, changed.
   * @param token - Token id.
   * @returns Whether a tool ran.
   */
  step(run: MachineRun<Problem, State>, token: number): boolean;
  /**
   * {@link TaskMachine.step} without the tool's `run`: where a tool would run, whoever calls this carries the call out on the program's state,
   * and then says so to {@link TaskMachine.conclude}.
   *
   * @param run - The program, changed.
   * @param token - Token id.
   * @returns The call that is due; undefined where no tool would run.
   */
  take(run: MachineRun<Problem, State>, token: number): MachineCall<Tool> | undefined;
  /**
   * Goes on after a call that was due has been carried out: looks for milestones, and whether the program is over.
   *
   * @param run - The program, changed.
   * @param call - What {@link TaskMachine.take} returned.
   */
  conclude(run: MachineRun<Problem, State>, call: MachineCall<Tool>): void;
  /**
   * What may be emitted next.
   *
   * @param run - The program.
   * @returns Token ids, ascending; all for a program that is over.
   */
  allowed(run: MachineRun<Problem, State>): readonly number[];
  /**
   * What the network hears before the next token.
   *
   * @param run - The program.
   * @returns Texts of symbols; none in open loop, within a call, and when the program is over.
   */
  heard(run: MachineRun<Problem, State>): readonly string[];
  /**
   * Copies a program under way.
   *
   * @param run - The program.
   * @returns An independent copy, its state included.
   */
  fork(run: MachineRun<Problem, State>): MachineRun<Problem, State>;
  /**
   * A text that is equal for programs in equal states with equal milestones, whatever their number of steps.
   *
   * @param run - The program.
   * @returns The text.
   */
  key(run: MachineRun<Problem, State>): string;
  /**
   * Judges a program as if it stopped here: for good where it has `ended`, else as one that ran into the horizon.
   *
   * @param run - The program.
   * @returns Success and return.
   */
  outcome(run: MachineRun<Problem, State>): MachineOutcome;
}
