import type { UpdateOptions } from '../algorithm/a2c.js';
import { TaskError } from '../errors/task-error.js';
import { checkActions } from '../task/checked.js';
import { refuseDeferred, requireData } from '../task/returned.js';
import type { ProblemDescription, Scores, Split, TaskEpisodes, TaskInteraction } from '../task/task.js';
import type { Random } from '../util/random.js';
import { show } from '../util/show.js';
import { CallSite } from './call-site.js';
import { ContextEncoder } from './context-encoder.js';
import type { StageDeclaration, StageName, TaskDefinition } from './definition.js';
import { interactionOf } from './interaction.js';
import { Judge } from './judge.js';
import { Observer } from './observer.js';
import { ProgramTracer } from './program-trace.js';
import { callTokens } from './program-writer.js';
import { shownSymbols } from './shown-symbols.js';
import { stageAt, stageNameOf, unknownStage } from './stage-names.js';
import { SymbolIds } from './symbol-ids.js';
import { layOutTokens } from './token-layout.js';
import { ToolEpisodes } from './tool-episodes.js';
import { ToolMachine } from './tool-machine.js';
import type { NoParameters, ToolCall } from './tool-parameters.js';
import type { DecodedProgram, ProgramTrace, ToolBatch, ToolTask } from './tool-task.js';
import { validateDefinition } from './validate-definition.js';

/**
 * Makes a task from tools written as functions. Token ids, the action mask, the machine, explanations and {@link checkTask} follow from the
 * definition, and the compiler checks the names of tools, stages, symbols and milestones wherever they occur.
 *
 * Token ids: symbols, start token, tools in the order of their declaration, values of parameters in the order in which they are first declared
 * (parameters share the tokens of equal values), pad token.
 *
 * The return of a program is the sum of the milestones it reached, each paid at the step that reaches it, plus `successReward`, paid at the
 * last step, when it is right.
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
  const Parameters = NoParameters,
>(
  definition: TaskDefinition<Problem, State, Tool, Stage, TokenText, Milestone, Parameters>,
): ToolTask<Problem, State, Tool, StageName<Stage>, Milestone, Parameters, Stage> {
  validateDefinition(definition);
  const defined: unknown = new DefinedTask<Problem, State, Tool, Stage, Milestone>(
    definition as unknown as TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
  );
  return defined as ToolTask<Problem, State, Tool, StageName<Stage>, Milestone, Parameters, Stage>;
}

/** Arguments are not known to the compiler any more: calls are checked as they come. */
class DefinedTask<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>
  implements ToolTask<Problem, State, Tool, StageName<Stage>, Milestone, unknown, Stage>
{
  readonly name: string;
  readonly vocabulary: readonly string[];
  readonly stages: readonly StageName<Stage>[];
  readonly declaredStages: readonly Stage[];
  readonly horizon: number;
  readonly contextLength: number | undefined;
  readonly startToken: number;
  readonly padToken: number;
  readonly actionMask: Uint8Array | undefined;
  readonly pooling: 'own' | 'batch';
  readonly contextOrder: 'matters' | 'ignored' | undefined;
  readonly contextValues: boolean;
  readonly padding: 'skip' | 'read';
  readonly interaction: TaskInteraction | undefined;
  readonly updateOptions: UpdateOptions | undefined;
  readonly splits: boolean;
  readonly group?: (batch: ToolBatch<Problem>, index: number) => string;
  readonly replay: boolean;
  readonly tools: readonly Tool[];
  readonly milestones: readonly Milestone[];
  readonly machine: ToolMachine<Problem, State, Tool, Stage, Milestone>;

  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #site = new CallSite();
  readonly #judge: Judge<Problem, State, Tool, Stage, Milestone>;
  readonly #observer: Observer<Problem, State, Tool, Stage, Milestone>;
  readonly #encoder: ContextEncoder<Problem, State, Tool, Stage, Milestone>;
  readonly #tracer: ProgramTracer<Problem, State, Tool, Stage, Milestone>;
  readonly #toolTokens: ReadonlyMap<string, number>;

  constructor(definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>) {
    const site = this.#site;
    const layout = layOutTokens(definition);
    const symbols = new SymbolIds(definition.symbols);
    this.#definition = definition;
    this.name = definition.name;
    this.stages = definition.stages.map((stage) => stageNameOf(stage) as StageName<Stage>);
    this.declaredStages = definition.stages;
    this.horizon = definition.horizon;
    this.contextLength = definition.contextLength;
    this.startToken = layout.startToken;
    this.padToken = layout.padToken;
    this.vocabulary = layout.vocabulary;
    this.pooling = definition.pooling ?? 'own';
    this.contextOrder = definition.contextOrder;
    this.contextValues = definition.contextValues ?? false;
    this.padding = definition.padding ?? 'skip';
    this.interaction = interactionOf(definition, layout);
    this.updateOptions = definition.updateOptions;
    this.splits = definition.splits ?? definition.sample.length > 2;
    if (definition.group !== undefined) {
      this.group = (batch, index) => this.#group(batch, index);
    }
    this.replay = definition.replay ?? true;
    if (definition.mask !== false) {
      this.actionMask = new Uint8Array(this.vocabulary.length).fill(1, this.startToken + 1, this.padToken);
    }
    const judge = new Judge(definition, site);
    const observer = new Observer(definition, site, symbols);
    const closedLoop = this.interaction !== undefined;
    this.#judge = judge;
    this.#observer = observer;
    this.machine = new ToolMachine(definition, { site, layout, judge, observer, closedLoop });
    this.tools = this.machine.tools.map((tool) => tool.name);
    this.milestones = judge.milestoneNames;
    this.#encoder = new ContextEncoder(definition, site, layout, symbols);
    this.#tracer = new ProgramTracer({ machine: this.machine, judge, observer, layout, horizon: this.horizon, closedLoop });
    this.#toolTokens = new Map(this.machine.tools.map(({ name, token }) => [name, token]));
  }

  token(tool: Tool): number {
    const token = this.#toolTokens.get(tool);
    if (token === undefined) {
      throw new TaskError(`'${tool}' is no tool of this task.`, { path: 'tool', remedy: `Use one of ${this.tools.join(', ')}.` });
    }
    return token;
  }

  program(...calls: ToolCall<Tool>[]): Int32Array {
    const { tools } = this.machine;
    const toolOf = (name: string) => tools[this.token(name as Tool) - this.startToken - 1] ?? { name, token: -1, ends: false };
    const tokens = calls.flatMap((call) => callTokens(call, toolOf));
    if (tokens.length > this.horizon) {
      const what = tokens.length === calls.length ? 'tools' : 'tokens';
      throw new TaskError(`has ${tokens.length} ${what}, and the horizon is ${this.horizon}.`, {
        path: 'program',
        remedy: 'Use fewer tools, or a task with a longer horizon.',
      });
    }
    const actions = new Int32Array(this.horizon).fill(this.padToken);
    actions.set(tokens);
    return actions;
  }

  begin(batch: ToolBatch<Problem>): TaskEpisodes {
    const { horizon, machine } = this;
    return new ToolEpisodes(batch, {
      site: this.#site,
      machine,
      judge: this.#judge,
      observer: this.#observer,
      horizon,
      vocabSize: this.vocabulary.length,
      masked: this.interaction?.masked === true,
    });
  }

  sample(stages: Int32Array, random: Random, split: Split = 'train'): ToolBatch<Problem> {
    const site = this.#site;
    return site.guard(() => {
      const problems: Problem[] = [];
      site.where = 'task.sample';
      for (const stage of stages) {
        site.problemIndex = problems.length;
        const problem = this.#definition.sample(random, stageAt(this.#definition.stages, stage), split);
        requireData(problem, site.where);
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
    return this.#site.guard(() => this.#encoder.encode([...problems], stages));
  }

  problemAt({ problems }: ToolBatch<Problem>, index: number): Problem {
    return problems[index] as Problem;
  }

  batchOf(problems: readonly Problem[], stages: Int32Array): ToolBatch<Problem> {
    return this.#site.guard(() => this.#encoder.encode([...problems], stages.slice()));
  }

  score(batch: ToolBatch<Problem>, actions: Int32Array, scores: Scores): void {
    const { machine, horizon, interaction } = this;
    const site = this.#site;
    const judge = this.#judge;
    const { problems, stages } = batch;
    const { lengths } = scores;
    const pastEnd = this.#definition.trainPastEnd === true;
    const canTruncate = interaction !== undefined;
    site.guard(() => {
      let index = 0;
      for (const problem of problems) {
        site.problemIndex = index;
        const run = machine.begin(problem, stages[index] ?? -1);
        for (let at = index * horizon, end = at + horizon; at < end && machine.goesOn(run); at += 1) {
          machine.advance(run, actions[at] ?? this.padToken);
          if (canTruncate) {
            machine.settle(run);
          }
        }
        const success = judge.succeeded(run);
        scores.returns[index] = judge.episodeReturn(run, success);
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
    const { startToken, vocabulary } = this;
    const context = shownSymbols(batch, index, startToken).map(({ id, value }) => `${vocabulary[id]}${value === 0 ? '' : `(${value})`}`);
    const text = [...context, vocabulary[startToken]].join(' ');
    return { context: text, target: this.#site.guard(() => this.#target(problem, batch.stages[index] ?? -1, index)) };
  }

  trace(problem: Problem, stage: StageName<Stage> | number, actions: ArrayLike<number>): ProgramTrace<State, Tool, Milestone> {
    if (!isList(actions) || actions.length > this.horizon) {
      throw new TaskError(isList(actions) ? `has ${actions.length} tokens.` : `is ${show(actions)}.`, {
        path: 'actions',
        remedy: `Give the tokens of one program, at most ${this.horizon}; decode(batch, actions) takes those of a whole batch.`,
      });
    }
    const id = this.#stageId(stage);
    return this.#site.guard(() => this.#tracer.trace(problem, id, actions));
  }

  decode(batch: ToolBatch<Problem>, actions: ArrayLike<number>): DecodedProgram<Problem, State, Tool, Milestone>[] {
    this.#checkPrograms(batch, actions);
    const { horizon } = this;
    const site = this.#site;
    return site.guard(() =>
      batch.problems.map((problem, index) => {
        site.problemIndex = index;
        const program = Array.from({ length: horizon }, (_, step) => actions[index * horizon + step] ?? this.padToken);
        const { steps, success } = this.#tracer.trace(problem, batch.stages[index] ?? -1, program);
        const tools = steps.flatMap(({ tool }) => tool ?? []);
        return { problem, tools, success, ...(this.interaction === undefined ? {} : { calls: this.#tracer.calls(steps) }), steps };
      }),
    );
  }

  #group({ problems, stages }: ToolBatch<Problem>, index: number): string {
    const site = this.#site;
    return site.guard(() => {
      site.where = 'task.group';
      site.problemIndex = index;
      return this.#definition.group?.(problems[index] as Problem, stageAt(this.#definition.stages, stages[index] ?? -1)) ?? '';
    });
  }

  #target(problem: Problem, stage: number, index: number): string {
    const site = this.#site;
    site.where = 'task.target';
    site.problemIndex = index;
    const { target: describe } = this.#definition;
    const target: unknown = describe === undefined ? '' : describe(problem, stageAt(this.#definition.stages, stage));
    if (typeof target !== 'string' && typeof target !== 'number') {
      refuseDeferred(target, site.where);
      throw new TaskError(`returned ${show(target)}.`, { path: site.where, remedy: 'Return a text or a number.' });
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
