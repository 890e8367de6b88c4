import type { UpdateOptions } from '../algorithm/a2c.js';
import { TaskError } from '../errors/task-error.js';
import { checkActions } from '../task/checked.js';
import { refuseDeferred, requireData } from '../task/returned.js';
import type { ProblemDescription, Scores } from '../task/task.js';
import { cloneData } from '../util/plain-data.js';
import type { Random } from '../util/random.js';
import { show } from '../util/show.js';
import { ContextEncoder } from './context-encoder.js';
import type { StageDeclaration, StageName, TaskDefinition } from './definition.js';
import { stageNameOf, ToolMachine, unknownStage } from './tool-machine.js';
import type { DecodedProgram, ProgramTrace, ToolBatch, ToolTask, TraceStep } from './tool-task.js';
import { validateDefinition } from './validate-definition.js';

/**
 * Makes a task from tools written as functions. Token ids, the action mask, the machine, explanations and {@link checkTask} follow from the
 * definition, and the compiler checks the names of tools, stages, symbols and milestones wherever they occur.
 *
 * Token ids: symbols, start token, tools in the order of their declaration, pad token.
 *
 * The return of a program is the sum of the milestones it reached, plus `successReward` when it is right.
 *
 * @example
 * ```ts
 * const counter = defineTask({
 *   name: 'counter',
 *   stages: ['count'],
 *   horizon: 4,
 *   symbols: ['one', 'two', 'three'],
 *   sample: (random) => ({ goal: 1 + random.int(3) }),
 *   encode: ({ goal }) => [goal - 1],
 *   start: () => ({ count: 0 }),
 *   tools: {
 *     ADD: { run: (state) => { state.count += 1; } },
 *     DONE: { ends: true },
 *   },
 *   success: (state, problem) => state.count === problem.goal,
 * });
 * counter.program('ADD', 'ADD', 'DONE');
 * ```
 *
 * @param definition - See {@link TaskDefinition}.
 * @returns The task.
 * @throws {@link TaskError} that names everything wrong with the definition. What the definition's functions throw later reaches the caller
 * as a {@link TaskError} with the function's path, such as `task.tools.ADD.run`, and the `cause`.
 */
export function defineTask<
  Problem,
  State,
  Tool extends string,
  const Stage extends StageDeclaration,
  const TokenText extends string,
  Milestone extends string = never,
>(
  definition: TaskDefinition<Problem, State, Tool, Stage, TokenText, Milestone>,
): ToolTask<Problem, State, Tool, StageName<Stage>, Milestone> {
  validateDefinition(definition);
  return new DefinedTask(definition);
}

class DefinedTask<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>
  implements ToolTask<Problem, State, Tool, StageName<Stage>, Milestone>
{
  readonly name: string;
  readonly vocabulary: readonly string[];
  readonly stages: readonly StageName<Stage>[];
  readonly horizon: number;
  readonly contextLength: number | undefined;
  readonly startToken: number;
  readonly padToken: number;
  readonly actionMask: Uint8Array | undefined;
  readonly pooling: 'own' | 'batch';
  readonly updateOptions: UpdateOptions | undefined;
  readonly tools: readonly Tool[];
  readonly milestones: readonly Milestone[];
  readonly machine: ToolMachine<Problem, State, Tool, Stage, Milestone>;

  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #encoder: ContextEncoder<Problem, State, Tool, Stage, Milestone>;
  readonly #toolTokens: ReadonlyMap<string, number>;

  constructor(definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>) {
    this.#definition = definition;
    const symbols = definition.symbols.length;
    this.name = definition.name;
    this.stages = definition.stages.map((stage) => stageNameOf(stage) as StageName<Stage>);
    this.horizon = definition.horizon;
    this.contextLength = definition.contextLength;
    this.startToken = symbols;
    this.machine = new ToolMachine(definition, symbols + 1);
    this.tools = this.machine.tools.map((tool) => tool.name);
    this.milestones = this.machine.milestoneNames;
    this.padToken = symbols + 1 + this.tools.length;
    this.vocabulary = Object.freeze([
      ...definition.symbols,
      definition.startToken ?? '[CTX]',
      ...this.tools.map((tool) => `[${tool}]`),
      definition.padToken ?? '[EOS]',
    ]);
    this.pooling = definition.pooling ?? 'own';
    this.updateOptions = definition.updateOptions;
    if (definition.mask !== false) {
      this.actionMask = new Uint8Array(this.vocabulary.length).fill(1, symbols + 1, this.padToken);
    }
    this.#encoder = new ContextEncoder(definition, this.machine, this.padToken);
    this.#toolTokens = new Map(this.machine.tools.map(({ name, token }) => [name, token]));
  }

  token(tool: Tool): number {
    const token = this.#toolTokens.get(tool);
    if (token === undefined) {
      throw new TaskError(`'${tool}' is no tool of this task.`, { path: 'tool', remedy: `Use one of ${this.tools.join(', ')}.` });
    }
    return token;
  }

  program(...tools: Tool[]): Int32Array {
    if (tools.length > this.horizon) {
      throw new TaskError(`has ${tools.length} tools, and the horizon is ${this.horizon}.`, {
        path: 'program',
        remedy: 'Use fewer tools, or a task with a longer horizon.',
      });
    }
    const actions = new Int32Array(this.horizon).fill(this.padToken);
    actions.set(tools.map((tool) => this.token(tool)));
    return actions;
  }

  sample(stages: Int32Array, random: Random): ToolBatch<Problem> {
    const { machine } = this;
    return machine.guard(() => {
      const problems: Problem[] = [];
      machine.where = 'task.sample';
      for (const stage of stages) {
        machine.problemIndex = problems.length;
        const problem = this.#definition.sample(random, this.machine.stage(stage));
        requireData(problem, machine.where);
        problems.push(problem);
      }
      return this.#encoder.encode(problems, stages.slice());
    });
  }

  encode(problems: readonly Problem[], stage: StageName<Stage> | number): ToolBatch<Problem> {
    if (!Array.isArray(problems)) {
      throw new TaskError(`is ${show(problems)}.`, { path: 'problems', remedy: 'Give a list of problems, also for one: [problem].' });
    }
    const stages = new Int32Array(problems.length).fill(this.#stageId(stage));
    return this.machine.guard(() => this.#encoder.encode([...problems], stages));
  }

  score(batch: ToolBatch<Problem>, actions: Int32Array, scores: Scores): void {
    const { machine, horizon } = this;
    const { problems, stages } = batch;
    const { lengths } = scores;
    const pastEnd = this.#definition.trainPastEnd === true;
    machine.guard(() => {
      let index = 0;
      for (const problem of problems) {
        machine.problemIndex = index;
        const run = machine.begin(problem, stages[index] ?? -1);
        for (let at = index * horizon, end = at + horizon; at < end && !run.ended; at += 1) {
          machine.advance(run, actions[at] ?? this.padToken);
        }
        const success = machine.succeeded(run);
        scores.returns[index] = machine.episodeReturn(run, success);
        scores.successes[index] = success ? 1 : 0;
        if (lengths !== undefined) {
          lengths[index] = pastEnd ? horizon : run.steps;
        }
        index += 1;
      }
    });
  }

  describe(batch: ToolBatch<Problem>, index: number): ProblemDescription {
    const problem = batch.problems[index];
    if (problem === undefined) {
      throw new TaskError(`is ${index}, and the batch has ${batch.size} problems.`, {
        path: 'index',
        remedy: `Use an integer from 0 to ${batch.size - 1}.`,
      });
    }
    const ids = batch.contexts.subarray(index * batch.contextLength, (index + 1) * batch.contextLength);
    const context = Array.from(ids.subarray(0, ids.lastIndexOf(this.startToken) + 1), (id) => this.vocabulary[id] ?? '').join(' ');
    return { context, target: this.machine.guard(() => this.#target(problem, batch.stages[index] ?? -1, index)) };
  }

  trace(problem: Problem, stage: StageName<Stage> | number, actions: ArrayLike<number>): ProgramTrace<State, Tool, Milestone> {
    if (!isList(actions) || actions.length > this.horizon) {
      throw new TaskError(isList(actions) ? `has ${actions.length} tokens.` : `is ${show(actions)}.`, {
        path: 'actions',
        remedy: `Give the tokens of one program, at most ${this.horizon}; decode(batch, actions) takes those of a whole batch.`,
      });
    }
    const id = this.#stageId(stage);
    return this.machine.guard(() => this.#trace(problem, id, actions));
  }

  decode(batch: ToolBatch<Problem>, actions: ArrayLike<number>): DecodedProgram<Problem, State, Tool, Milestone>[] {
    this.#checkPrograms(batch, actions);
    const { machine, horizon } = this;
    return machine.guard(() =>
      batch.problems.map((problem, index) => {
        machine.problemIndex = index;
        const program = Array.from({ length: horizon }, (_, step) => actions[index * horizon + step] ?? this.padToken);
        const { steps, success } = this.#trace(problem, batch.stages[index] ?? -1, program);
        return { problem, tools: steps.flatMap(({ tool }) => tool ?? []), success, steps };
      }),
    );
  }

  #trace(problem: Problem, stage: number, actions: ArrayLike<number>): ProgramTrace<State, Tool, Milestone> {
    const { machine } = this;
    const run = machine.begin(problem, stage);
    const steps: TraceStep<State, Tool, Milestone>[] = [];
    for (let at = 0; at < actions.length && !run.ended; at += 1) {
      const token = actions[at] ?? this.padToken;
      const before = run.milestones;
      const applied = machine.advance(run, token);
      const tool = this.tools[token - this.startToken - 1];
      const milestones = machine.milestonesIn(run.milestones & ~before);
      steps.push({ token: this.vocabulary[token] ?? String(token), tool, applied, milestones, state: cloneData(run.state) });
    }
    const success = machine.succeeded(run);
    return { steps, ended: run.ended, success, episodeReturn: machine.episodeReturn(run, success) };
  }

  #target(problem: Problem, stage: number, index: number): string {
    const { machine } = this;
    machine.where = 'task.target';
    machine.problemIndex = index;
    const { target: describe } = this.#definition;
    const target: unknown = describe === undefined ? '' : describe(problem, this.machine.stage(stage));
    if (typeof target !== 'string' && typeof target !== 'number') {
      refuseDeferred(target, machine.where);
      throw new TaskError(`returned ${show(target)}.`, { path: machine.where, remedy: 'Return a text or a number.' });
    }
    return String(target);
  }

  #checkPrograms(batch: ToolBatch<Problem>, actions: ArrayLike<number>): void {
    const size: unknown = batch?.problems?.length;
    const stages: unknown = batch?.stages;
    const known = (id: unknown): boolean => typeof id === 'number' && this.stages[id] !== undefined;
    if (!Array.isArray(batch?.problems) || !isList(stages) || stages.length !== size || !Array.from(stages).every(known)) {
      throw new TaskError('is no batch of this task.', { path: 'batch', remedy: 'Give what encode or sample of this task returned.' });
    }
    if (!isList(actions)) {
      throw new TaskError(`is ${show(actions)}.`, {
        path: 'actions',
        remedy: 'Give the actions of a rollout: (await agent.act(batch)).actions.',
      });
    }
    checkActions(this, batch.problems.length, actions);
  }

  #stageId(stage: StageName<Stage> | number): number {
    const id = typeof stage === 'number' ? stage : this.stages.indexOf(stage);
    if (this.#definition.stages[id] === undefined) {
      throw unknownStage(stage, this.#definition.stages);
    }
    return id;
  }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && 'length' in value && typeof value.length === 'number';
}
