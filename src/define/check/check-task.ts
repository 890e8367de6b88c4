import { TaskError } from '../../errors/task-error.js';
import { assertTask, checkedSample, checkedScore } from '../../task/checked.js';
import type { Measured } from '../../task/measured.js';
import type { Task } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import type { ToolTask } from '../tool-task.js';
import { type ConstantProgram, percent, type StageReport, type TaskFinding, type TaskReport } from './report.js';
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
   * States visited for each problem, and again for all of a stage together, before the search gives up.
   *
   * @defaultValue 20000
   */
  readonly maxStates?: number | undefined;
}

/** Random programs right this often are worth a note. */
const RANDOM_SUCCESS = 0.1;

/**
 * Finds out what can be learned in a task before any training: searches its tool programs breadth-first over sampled problems, and says for
 * each stage whether the target is within reach, by which program, what pays best, and whether programs that read nothing do well.
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
export function checkTask(task: Task, options: CheckTaskOptions = {}): TaskReport {
  assertTask(task);
  if (!hasMachine(task)) {
    throw new TaskError('is absent: its programs cannot be searched.', {
      path: 'task.machine',
      remedy: 'Make the task with defineTask, which gives it one; a task written by hand can be trained on, but not checked.',
    });
  }
  const settings = readSettings(options);
  const checked = task.stages.map((_, stage) => checkStage(task, stage, settings));
  const findings = checked.flatMap(({ report, search }) => findingsOf(report, search));
  const lengths = new Set(checked.map(({ contextLength }) => contextLength));
  if (lengths.size > 1) {
    findings.push({
      code: 'context-length-varies',
      severity: 'note',
      stage: undefined,
      message: `contexts have ${[...lengths].join(', ')} tokens by stage: padding depends on the batch, unless contextLength is set.`,
    });
  }
  const stages = checked.map(({ report }) => report);
  return {
    task: task.name,
    horizon: task.horizon,
    problems: settings.problems,
    solvable: stages.every((stage) => stage.reachable),
    complete: stages.every((stage) => stage.complete),
    stages,
    findings,
  };
}

type Settings = Required<{ readonly [Name in keyof CheckTaskOptions]: number }>;

interface CheckedStage {
  readonly report: StageReport;
  readonly search: StageSearch<string>;
  readonly contextLength: number;
}

function checkStage(task: ToolTask, stage: number, { seed, problems, samples, maxStates }: Settings): CheckedStage {
  const random = new Random(seed, STREAMS.taskCheck + stage);
  const searched = checkedSample(task, new Int32Array(problems).fill(stage), random);
  const search = searchStage(task.machine, searched.problems, stage, task.horizon, maxStates);
  const solved = search.shortest.filter((program) => program !== undefined);
  const reachable = solved.length === problems;

  const fresh = checkedSample(task, new Int32Array(samples).fill(stage), random);
  const measure = (actions: Int32Array): Measured => {
    const scores = { returns: new Float32Array(samples), successes: new Uint8Array(samples) };
    checkedScore(task, fresh, actions, scores);
    return { successRate: mean(scores.successes), meanReturn: mean(scores.returns) };
  };
  const measureConstant = (found: FoundProgram<string> | undefined): ConstantProgram | undefined => {
    if (found === undefined) {
      return undefined;
    }
    const program = task.program(...found.tools);
    const actions = new Int32Array(samples * task.horizon);
    for (let at = 0; at < actions.length; at += task.horizon) {
      actions.set(program, at);
    }
    return { tools: found.tools, ...measure(actions) };
  };
  const allowed = task.vocabulary.map((_, token) => token).filter((token) => task.actionMask?.[token] !== 0);
  const randomActions = Int32Array.from({ length: samples * task.horizon }, () => allowed[random.int(allowed.length)] ?? 0);

  const constantProgram = measureConstant(search.mostSuccessful);
  const constant = constantProgram !== undefined && constantProgram.successRate === 1 && search.mostSuccessful?.successRate === 1;
  const longest = solved.reduce<readonly string[] | undefined>(
    (longer, program) => (longer === undefined || program.length > longer.length ? program : longer),
    undefined,
  );
  const shortest = constant ? constantProgram.tools : longest;
  const best = search.bestRight.map((right, at) => Math.max(right, search.bestWrong[at] ?? right));
  const misaligned = search.bestRight.filter((right, at) => Number.isFinite(right) && (search.bestWrong[at] ?? right) > right);
  return {
    search,
    contextLength: searched.contextLength,
    report: {
      stage: task.stages[stage] ?? String(stage),
      reachable,
      solvableFraction: solved.length / problems,
      complete: search.complete,
      shortestProgram: shortest === undefined ? undefined : { tools: shortest, constant },
      bestReturn: mean(best.filter(Number.isFinite)),
      misalignedFraction: misaligned.length / problems,
      constantProgram,
      bestPaidProgram: measureConstant(search.bestPaid),
      random: measure(randomActions),
    },
  };
}

function findingsOf(report: StageReport, search: StageSearch<string>): TaskFinding[] {
  const { stage, bestPaidProgram: paid, constantProgram: constant, shortestProgram: shortest } = report;
  const findings: TaskFinding[] = [];
  const find = (code: TaskFinding['code'], severity: TaskFinding['severity'], message: string): void => {
    findings.push({ code, severity, stage, message });
  };
  if (!report.reachable) {
    const most = constant === undefined ? '' : `; no constant program is right for more than ${percent(constant.successRate)}`;
    const share = `${search.shortest.filter((program) => program === undefined).length} of the ${search.shortest.length} problems searched`;
    find(
      'unreachable',
      report.complete ? 'error' : 'note',
      report.complete
        ? `${share} have no right program within the horizon${most}.`
        : `no right program was found for ${share}, but the search was cut short.`,
    );
  }
  if (!report.complete) {
    find('search-incomplete', 'note', 'the search reached maxStates; raise it to be sure.');
  }
  if (report.misalignedFraction > 0) {
    const example =
      paid === undefined ? '' : ` The best-paid constant program, ${paid.tools.join(' ')}, is right for ${percent(paid.successRate)}.`;
    find(
      'misaligned-reward',
      'error',
      `on ${percent(report.misalignedFraction)} of the problems a wrong program pays more than every right one.${example}`,
    );
  }
  if (constant !== undefined && shortest?.constant === true) {
    find('constant-program', 'note', `${constant.tools.join(' ')} is right for every problem: nothing has to be read.`);
  }
  if (report.random.successRate >= RANDOM_SUCCESS) {
    find('random-succeeds', 'note', `random programs are right for ${percent(report.random.successRate)} of the problems.`);
  }
  return findings;
}

function hasMachine(task: Task): task is ToolTask {
  return 'machine' in task && typeof task.machine === 'object' && task.machine !== null && 'program' in task;
}

function readSettings(options: CheckTaskOptions): Settings {
  return readOptions(options, (reader) => ({
    seed: reader.seed(),
    problems: reader.count('problems', 64),
    samples: reader.count('samples', 2000),
    maxStates: reader.number('maxStates', 20_000, { integer: true, min: 1 }),
  }));
}

function mean(values: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < values.length; at += 1) {
    total += values[at] ?? 0;
  }
  return values.length === 0 ? 0 : total / values.length;
}
