import { assertTask, checkedSample } from '../../task/checked.js';
import type { Task } from '../../task/task.js';
import { type OptionReader, readOptions } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import { callsOf } from '../program-writer.js';
import type { ToolCall } from '../tool-parameters.js';
import type { ToolTask } from '../tool-task.js';
import { requireMachine } from './has-machine.js';
import { searchProgram } from './search.js';

/** Options of {@link solvingPrograms}. */
export interface SolvingProgramsOptions<Stage extends string = string> {
  /**
   * Problems searched in each stage, 1 to 2²⁰.
   *
   * @defaultValue 256
   */
  readonly problems?: number | undefined;
  /**
   * The stages, by id or name.
   *
   * @defaultValue all
   */
  readonly stages?: readonly (number | Stage)[] | undefined;
  /**
   * Seed of the problems, a non-negative safe integer.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * States visited for each problem before its search gives up, at least 1.
   *
   * @defaultValue 20000
   */
  readonly maxStates?: number | undefined;
}

/** A problem and a program that solves it. */
export interface SolvingProgram<Problem = unknown, Tool extends string = string, Stage extends string = string, Parameters = unknown> {
  /** The problem, drawn by the task. */
  readonly problem: Problem;
  /** Name of its stage. */
  readonly stage: Stage;
  /** Token ids of the program, up to its end. */
  readonly tokens: Int32Array;
  /** The same as calls: names of tools, with their arguments where they have any. */
  readonly calls: readonly ToolCall<Tool, Parameters>[];
}

/** {@link SolvingProgramsOptions}, checked and filled in. */
export interface SearchConfig {
  readonly problems: number;
  readonly stages: readonly number[];
  readonly seed: number;
  readonly maxStates: number;
}

/**
 * Searches programs that solve problems of a task, breadth-first, as {@link checkTask} does: to be imitated where chance finds none.
 *
 * @param task - A task with a machine: one made by {@link defineTask}.
 * @param options - See {@link SolvingProgramsOptions}.
 * @returns For each problem for which one was found the right program that pays best, the shortest of them.
 * @throws {@link TaskError} when the task has no machine, or when its functions throw.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function solvingPrograms<Problem, Tool extends string, Stage extends string, Parameters>(
  task: ToolTask<Problem, never, Tool, Stage, string, Parameters> | ToolTask<Problem, unknown, Tool, Stage, string, Parameters>,
  options: SolvingProgramsOptions<NoInfer<Stage>> = {},
): SolvingProgram<Problem, Tool, Stage, Parameters>[] {
  const untyped = task as unknown as Task;
  assertTask(untyped);
  const machined = requireMachine(untyped, 'searched');
  const config = readOptions(options, (reader) => readSearch(reader, untyped, reader.seed()));
  return searchSolving(machined, config) as SolvingProgram<Problem, Tool, Stage, Parameters>[];
}

/**
 * @param reader - Over what the caller passed.
 * @param task - Whose stages there are.
 * @param seed - Of the problems.
 * @returns What to search; meaningful only when no issue was added.
 */
export function readSearch(reader: OptionReader, task: Pick<Task, 'stages'>, seed: number): SearchConfig {
  const given = reader.raw('stages');
  const stages = Array.isArray(given) ? given.map((stage: unknown) => stageId(stage, task)) : task.stages.map((_, id) => id);
  if (given !== undefined && (!Array.isArray(given) || stages.length === 0 || stages.includes(-1))) {
    reader.issues.add('stages', `must be a list of stages of the task.`, `Use ids, or names: ${task.stages.join(', ')}.`);
  }
  return {
    problems: reader.count('problems', 256),
    stages,
    seed,
    maxStates: reader.number('maxStates', 20_000, { integer: true, min: 1 }),
  };
}

function stageId(stage: unknown, { stages }: Pick<Task, 'stages'>): number {
  const id = typeof stage === 'string' ? stages.indexOf(stage) : stage;
  return typeof id === 'number' && stages[id] !== undefined ? id : -1;
}

/**
 * @param task - A task with a machine.
 * @param config - What to search.
 * @returns The programs found, stage by stage.
 */
export function searchSolving(task: ToolTask, { problems, stages, seed, maxStates }: SearchConfig): SolvingProgram[] {
  const { machine, horizon, padToken } = task;
  const random = new Random(seed, STREAMS.search);
  return stages.flatMap((stage) =>
    checkedSample(task, new Int32Array(problems).fill(stage), random).problems.flatMap((problem) => {
      const found = searchProgram(machine, problem, stage, horizon, maxStates);
      if (found === undefined) {
        return [];
      }
      const calls = callsOf(found, machine.tools);
      // One that no tool ends lets the other steps pass.
      const tokens =
        machine.canIdle && !ends(task, problem, stage, found) ? new Int32Array(horizon).fill(padToken) : new Int32Array(found.length);
      tokens.set(found);
      return [{ problem, stage: task.stages[stage] ?? '', tokens, calls }];
    }),
  );
}

function ends({ machine }: ToolTask, problem: unknown, stage: number, tokens: readonly number[]): boolean {
  const run = machine.start(problem, stage);
  for (const token of tokens) {
    machine.step(run, token);
  }
  return run.ended || run.truncated === true;
}
