import { assertTask, checkedSample } from '../../task/checked.js';
import type { Task } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import type { ToolCall } from '../tool-parameters.js';
import type { ToolBatch, ToolTask } from '../tool-task.js';
import { contextLengthVaries, findingsOf } from './findings.js';
import { requireMachine } from './has-machine.js';
import { heldOutFindings, searchHeldOut } from './held-out.js';
import { searchLookAlikes } from './look-alikes.js';
import { describeProgram, mean, scoreProgram, scoreRandom, summarize } from './measure.js';
import { orderMatters } from './order.js';
import { type ShownProblem, searchRecall } from './recall.js';
import type { ConstantProgram, StageReport, TaskFinding, TaskReport } from './report.js';
import { type FoundProgram, type StageSearch, searchStage } from './search.js';

export type { ConstantProgram, StageReport, TaskFinding, TaskFindingCode, TaskReport } from './report.js';
export { formatTaskCheck } from './report.js';

/** Options of {@link checkTask}. */
export interface CheckTaskOptions {
  /**
   * Seed of the problems and of the random programs.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * Problems searched in each stage, 1 to 2²⁰.
   *
   * @defaultValue 64
   */
  readonly problems?: number | undefined;
  /**
   * Fresh problems on which constant and random programs are measured, 1 to 2²⁰.
   *
   * @defaultValue 2000
   */
  readonly samples?: number | undefined;
  /**
   * States visited for each problem, again for all of a stage together, and again for those that look the same, before the search gives up.
   *
   * @defaultValue 20000
   */
  readonly maxStates?: number | undefined;
  /**
   * How contexts are read, which says what looks the same: with `mean`, contexts of the same symbols do, in whatever order.
   *
   * @defaultValue as an agent that is made for the task reads them
   */
  readonly encoder?: 'mean' | 'gru' | undefined;
}

/**
 * Finds out what can be learned in a task before any training: searches its tool programs breadth-first over sampled problems, and says for
 * each stage whether the target is within reach, by which program, what pays best, whether programs that read nothing do well, and how
 * successful an agent can be that is shown and told what this one is.
 *
 * Takes well under a second for the tasks of this package; the work grows with the states that programs can reach, up to `maxStates`.
 *
 * @param task - A task with a machine: one made by {@link defineTask}.
 * @param options - See {@link CheckTaskOptions}.
 * @returns The report; {@link formatTaskCheck} prints it.
 * @throws {@link TaskError} when the task has no machine, or when its functions throw.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function checkTask<Tool extends string, Stage extends string>(
  task: ToolTask<unknown, unknown, Tool, Stage>,
  options?: CheckTaskOptions,
): TaskReport<Tool, Stage>;
export function checkTask(task: Task, options?: CheckTaskOptions): TaskReport;
export function checkTask(given: Task, options: CheckTaskOptions = {}): TaskReport {
  assertTask(given);
  const task = requireMachine(given, 'checked');
  const settings = readSettings(task, options);
  const checked = task.stages.map((_, stage) => checkStage(task, stage, settings));
  const findings = checked.flatMap((stage) => stage.findings);
  const lengths = new Set(checked.map(({ contextLength }) => contextLength));
  if (lengths.size > 1 && task.padding === 'read') {
    findings.push(contextLengthVaries([...lengths]));
  }
  const stages = checked.map(({ report }) => report);
  return {
    task: task.name,
    horizon: task.horizon,
    problems: settings.problems,
    solvable: stages.every((stage) => stage.reachable) && !findings.some(({ code }) => code === 'indistinguishable'),
    complete: stages.every((stage) => stage.complete),
    stages,
    findings,
  };
}

interface Settings extends Required<{ readonly [Name in Exclude<keyof CheckTaskOptions, 'encoder'>]: number }> {
  readonly inOrder: boolean;
}

interface CheckedStage {
  readonly report: StageReport;
  readonly findings: readonly TaskFinding[];
  readonly contextLength: number;
}

function checkStage(task: ToolTask, stage: number, { seed, problems, samples, maxStates, inOrder }: Settings): CheckedStage {
  const random = new Random(seed, STREAMS.taskCheck + stage);
  const searched = checkedSample(task, new Int32Array(problems).fill(stage), random, 'train');
  const search = searchStage(task.machine, searched.problems, stage, task.horizon, maxStates);
  const solved = search.shortest.filter((program) => program !== undefined);

  const fresh = checkedSample(task, new Int32Array(samples).fill(stage), random, 'train');
  const measureConstant = (found: FoundProgram<string> | undefined): ConstantProgram | undefined =>
    found === undefined ? undefined : { ...describeProgram(task, found.tools), ...summarize(scoreProgram(task, fresh, found.tools)) };
  const randomScores = scoreRandom(task, fresh, random);

  const constantProgram = measureConstant(search.mostSuccessful);
  const constant = constantProgram?.successRate === 1 && search.mostSuccessful?.successRate === 1 ? search.mostSuccessful.tools : undefined;
  // What is right for all is right for those that look the same.
  const lookAlikes =
    constant === undefined
      ? searchLookAlikes(task.machine, [searched, fresh], { startToken: task.startToken, inOrder }, task.horizon, maxStates)
      : { lost: 0, example: undefined, complete: true };
  const longest = solved.reduce<readonly ToolCall[] | undefined>(
    (longer, program) => (longer === undefined || program.length > longer.length ? program : longer),
    undefined,
  );
  const shortest = constant ?? longest;
  const best = search.bestRight.map((right, at) => Math.max(right, search.bestWrong[at] ?? right));
  const misaligned = search.bestRight.filter((right, at) => Number.isFinite(right) && (search.bestWrong[at] ?? right) > right);
  const solvableFraction = solved.length / problems;
  const report: StageReport = {
    stage: task.stages[stage] ?? String(stage),
    reachable: solved.length === problems,
    solvableFraction,
    bestSuccess: Math.max(0, solvableFraction - lookAlikes.lost),
    complete: search.complete,
    shortestProgram: shortest === undefined ? undefined : { ...describeProgram(task, shortest), constant: constant !== undefined },
    memory: searchRecall(task.machine, shown(searched, search.shortest), stage, task.horizon, maxStates),
    bestReturn: mean(best.filter(Number.isFinite)),
    misalignedFraction: misaligned.length / problems,
    constantProgram,
    bestPaidProgram: measureConstant(search.bestPaid),
    random: summarize(randomScores),
  };
  const earning = mean(randomScores.returns.map((episodeReturn) => (episodeReturn > 0 ? 1 : 0)));
  const findings = findingsOf(report, { search, lookAlikes, earning, inOrder, hears: (task.interaction?.observationLength ?? 0) > 0 });
  if (task.splits === true) {
    const found = searchHeldOut(task, stage, [searched, fresh], { random, problems, samples, maxStates });
    findings.push(...heldOutFindings(report.stage, found));
  }
  return {
    report,
    findings,
    contextLength: searched.contextLength,
  };
}

/** Problems that have a right program, with what is shown of them. */
function shown(
  { problems, contexts, contextLength }: ToolBatch<unknown>,
  shortest: StageSearch<string>['shortest'],
): ShownProblem<unknown>[] {
  const look = (row: number): string => contexts.subarray(row * contextLength, (row + 1) * contextLength).join();
  return problems.map((problem, row) => ({ problem, look: look(row) })).filter((_, row) => shortest[row] !== undefined);
}

function readSettings(task: Task, options: CheckTaskOptions): Settings {
  return readOptions(options, (reader) => ({
    seed: reader.seed(),
    problems: reader.count('problems', 64),
    samples: reader.count('samples', 2000),
    maxStates: reader.number('maxStates', 20_000, { integer: true, min: 1 }),
    inOrder: reader.has('encoder') ? reader.choice('encoder', 'mean', ['mean', 'gru']) === 'gru' : orderMatters(task),
  }));
}
