import type { Arguments, CallArguments, NoParameters } from '../define/tool-parameters.js';
import type { ToolTask } from '../define/tool-task.js';
import { OptionsError } from '../errors/options-error.js';
import { TaskError } from '../errors/task-error.js';
import { assertTask } from '../task/checked.js';
import { isRecord, kindOf } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { addUnknownKeys } from '../util/value-reader.js';
import { type AgentInfo, compareTask } from './info.js';

/** What a tool of an application is given beside what the simulated one is. */
export interface SolveContext {
  /** Aborts with {@link SolveOptions.signal}; without it, never. To be handed on to whatever the tool waits for. */
  readonly signal: AbortSignal;
}

/**
 * A tool of an application, in place of the `run` of the same tool in the task's definition. It changes `state` in place, as `run` does, by what it
 * has really found out: `observe` and `when` of the definition read the state next. It may take its time. What it returns is only reported, as
 * `answer`.
 */
export type SolveTool<Problem = unknown, State = unknown, Stage = unknown, Args = Arguments> = (
  state: State,
  problem: Problem,
  stage: Stage,
  args: Args,
  context: SolveContext,
) => unknown;

/** Tools of an application, by name: one for each that has a `run` in the task's definition; others may have one. */
export type SolveTools<Problem, State, Tool extends string, Stage = unknown, Parameters = NoParameters> = {
  readonly [Name in Tool]?: SolveTool<Problem, State, Stage, CallArguments<Parameters, Name>>;
};

/** The type of an application's tools for a task, for those that are written down apart: `const tools: SolveToolsOf<typeof desk> = { … }`. */
export type SolveToolsOf<Task> =
  Task extends ToolTask<infer Problem, infer State, infer Tool, string, string, infer Parameters, infer Declared>
    ? SolveTools<Problem, State, Tool, Declared, Parameters>
    : never;

/** Options of {@link Agent.solve}. */
export interface SolveOptions<
  Problem = unknown,
  State = unknown,
  Tool extends string = string,
  Stage extends string = string,
  Parameters = unknown,
  Declared = unknown,
> {
  /** What carries the calls out. */
  readonly tools: SolveTools<Problem, State, Tool, Declared, Parameters>;
  /**
   * The problem's stage, by name or id.
   *
   * @defaultValue the last
   */
  readonly stage?: Stage | number | undefined;
  /**
   * A call that is less probable than this, 0 to 1, is not carried out: the agent is unsure, and somebody else goes on. The probability of a call
   * is the product of those of its tokens.
   *
   * @defaultValue 0: every call is carried out
   */
  readonly minProbability?: number | undefined;
  /**
   * `true`: the most probable token is taken. `false`: tokens are sampled.
   *
   * @defaultValue true
   */
  readonly deterministic?: boolean | undefined;
  /**
   * Seed of sampled tokens, a non-negative safe integer.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * Stops at its abort: between two calls, or without waiting any longer for the tool at work.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
}

/** {@link SolveOptions}, checked and filled in. */
export interface SolveConfig {
  readonly tools: Readonly<Record<string, SolveTool | undefined>>;
  /** Stage id. */
  readonly stage: number;
  readonly minProbability: number;
  readonly deterministic: boolean;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * Reads what {@link Agent.solve} is given.
 *
 * @param info - What the agent is made of.
 * @param task - The task.
 * @param options - As the caller passed them.
 * @returns The config.
 * @throws {@link TaskError} when it is no task made by `defineTask`.
 * @throws {@link OptionsError} saying all that is wrong otherwise.
 */
export function readSolveOptions(info: AgentInfo, task: ToolTask, options: unknown): SolveConfig {
  assertTask(task);
  if (!isRecord(task.machine) || typeof task.machine.take !== 'function') {
    throw new TaskError('is absent: nothing can carry its calls out.', { path: 'task.machine', remedy: 'Make the task with defineTask.' });
  }
  const reader = new OptionReader(options);
  const { issues } = reader;
  compareTask(info, task, 'Pass the task that the agent was made for.', issues.at('task'));
  const config = {
    tools: readTools(reader, task),
    stage: readStage(reader, task),
    minProbability: reader.number('minProbability', 0, { min: 0, max: 1 }),
    deterministic: reader.boolean('deterministic', true),
    seed: reader.seed(),
    signal: reader.signal('signal') ?? new AbortController().signal,
  };
  reader.finish();
  issues.throwIfAny(OptionsError);
  return config;
}

function readStage(reader: OptionReader, { stages }: ToolTask): number {
  const stage = reader.raw('stage');
  if (stage === undefined) {
    return stages.length - 1;
  }
  const id = typeof stage === 'number' ? stage : stages.indexOf(stage as string);
  if (stages[id] === undefined) {
    const known = stages.map((name, place) => `${place} ('${name}')`).join(', ');
    reader.issues.add('stage', `must be a stage of the task, got ${show(stage)}.`, `Pass one of ${known}.`);
  }
  return id;
}

function readTools(reader: OptionReader, { machine, tools: names }: ToolTask): SolveConfig['tools'] {
  const given = reader.raw('tools') ?? {};
  const issues = reader.issues.at('tools');
  if (!isRecord(given)) {
    issues.add('', `must be an object, got ${show(given)}.`, 'Pass functions by the names of the tools.');
    return {};
  }
  const tools: Record<string, SolveTool | undefined> = {};
  const missing: string[] = [];
  for (const { name, runs } of machine.tools) {
    const tool = given[name];
    if (tool === undefined) {
      if (runs === true) {
        missing.push(name);
      }
    } else if (typeof tool !== 'function' || kindOf(tool).includes('Generator')) {
      const found = typeof tool === 'function' ? 'a generator function' : show(tool);
      issues.add(name, `must be a function, got ${found}.`, 'Pass what carries the call out: it may be async.');
    } else {
      // Bound, so that tools may be methods of an object.
      tools[name] = tool.bind(given) as SolveTool;
    }
  }
  if (missing.length > 0) {
    const message = `${missing.length === 1 ? 'lacks' : 'lack'} ${missing.join(', ')}.`;
    issues.add('', message, 'Pass a function for each tool that has a run in the definition.');
  }
  addUnknownKeys(given, new Set(names), issues, { message: 'is no tool of this task.' });
  return tools;
}
