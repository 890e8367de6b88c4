import { checkedSample } from '../../task/checked.js';
import { percent } from '../../util/percent.js';
import { dataKey } from '../../util/plain-data.js';
import type { Random } from '../../util/random.js';
import type { ToolBatch, ToolTask } from '../tool-task.js';
import type { TaskFinding } from './report.js';
import { searchStage } from './search.js';

/** The longest text of a problem in a message. */
const MAX_TEXT = 80;

/** How held-out problems are looked at. */
export interface HeldOutSearch {
  /** The stream that they are drawn from. */
  readonly random: Random;
  /** How many are searched for programs. */
  readonly problems: number;
  /** How many are compared with those for training. */
  readonly samples: number;
  /** States visited for each before the search gives up. */
  readonly maxStates: number;
}

/** What held-out problems are like. */
export interface HeldOut {
  /** Problems drawn for testing. */
  readonly drawn: number;
  /** How many of these were drawn for training, too. */
  readonly shared: number;
  /** One of them, as text. */
  readonly example: string | undefined;
  /** Problems searched for programs. */
  readonly searched: number;
  /** How many of these have no right program. */
  readonly unsolvable: number;
  /** Whether the search left nothing out. */
  readonly complete: boolean;
}

/**
 * Draws problems for testing, compares them with those drawn for training, and searches some for right programs.
 *
 * @param task - A task with held-out problems.
 * @param stage - Stage id.
 * @param training - Problems drawn for training.
 * @param search - How many, and how far.
 * @returns What was found.
 */
export function searchHeldOut(
  task: ToolTask,
  stage: number,
  training: readonly ToolBatch<unknown>[],
  { random, problems, samples, maxStates }: HeldOutSearch,
): HeldOut {
  const trained = new Set(training.flatMap((batch) => batch.problems.map(dataKey)));
  const test = checkedSample(task, new Int32Array(Math.max(samples, problems)).fill(stage), random, 'test');
  const shared = test.problems.map(dataKey).filter((key) => trained.has(key));
  const searched = test.problems.slice(0, problems);
  const { shortest, complete } = searchStage(task.machine, searched, stage, task.horizon, maxStates);
  return {
    drawn: test.size,
    shared: shared.length,
    example: shared[0]?.slice(0, MAX_TEXT),
    searched: searched.length,
    unsolvable: shortest.filter((program) => program === undefined).length,
    complete,
  };
}

/**
 * @param stage - Its name.
 * @param heldOut - What its held-out problems are like.
 * @returns What the author should know.
 */
export function heldOutFindings(stage: string, { drawn, shared, example, searched, unsolvable, complete }: HeldOut): TaskFinding[] {
  const findings: TaskFinding[] = [];
  if (shared > 0) {
    findings.push({
      code: 'split-overlap',
      severity: 'error',
      stage,
      message: `${shared} of ${drawn} problems drawn for testing (${percent(shared / drawn)}) were drawn for training too. Such as ${example}.`,
      remedy: 'Draw in sample until the problem is of the split asked for, by what is the same for both, such as a hash of the problem.',
    });
  }
  if (unsolvable > 0 && complete) {
    findings.push({
      code: 'test-unreachable',
      severity: 'error',
      stage,
      message: `${unsolvable} of the ${searched} problems searched that are held out have no right program within the horizon.`,
      remedy: 'Raise horizon, add a tool, or hold out no such problems.',
    });
  }
  return findings;
}
