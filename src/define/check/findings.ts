import { percent } from '../../util/percent.js';
import type { LookAlikes } from './look-alikes.js';
import { programText, type StageReport, type TaskFinding } from './report.js';
import type { StageSearch } from './search.js';

/** Random programs right this often are worth a note. */
const RANDOM_SUCCESS = 0.1;
/** Random programs that are right less often than this, and earn anything less often than that, teach nothing. */
const SPARSE_SUCCESS = 0.001;
const SPARSE_EARNING = 0.01;

/** What findings follow from, beside the report. */
export interface StageEvidence {
  readonly search: StageSearch<string>;
  readonly lookAlikes: LookAlikes;
  /** Share of the random programs that earned more than 0. */
  readonly earning: number;
  /** Whether contexts are read in order. */
  readonly inOrder: boolean;
  /** Whether anything is heard on the way. */
  readonly hears: boolean;
}

/**
 * @param report - Of a stage.
 * @param evidence - What else was found.
 * @returns What the author should know.
 */
export function findingsOf(report: StageReport, { search, lookAlikes, earning, inOrder, hears }: StageEvidence): TaskFinding[] {
  const { stage, bestPaidProgram: paid, constantProgram: constant, shortestProgram: shortest, random } = report;
  const findings: TaskFinding[] = [];
  const find = (code: TaskFinding['code'], severity: TaskFinding['severity'], message: string, remedy: string): void => {
    findings.push({ code, severity, stage, message, remedy });
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
      report.complete ? 'Raise horizon, add a tool, or draw no such problems.' : 'Raise maxStates to be sure.',
    );
  }
  if (!report.complete) {
    find('search-incomplete', 'note', 'the search reached maxStates; raise it to be sure.', 'Raise maxStates.');
  }
  if (lookAlikes.lost > 0) {
    const lost = inOrder ? '' : " With the encoder 'mean' the order of the symbols that encode returns is lost.";
    const cut = lookAlikes.complete ? '' : ' The search was cut short: it may be less.';
    find(
      'indistinguishable',
      'error',
      `problems that look the same${hears ? ', whatever is heard,' : ''} need different programs: no agent can be right for more than ` +
        `about ${percent(report.bestSuccess)}. Such as ${lookAlikes.example?.join(' and ')}.${cut}`,
      hears
        ? `Show in encode what tells them apart, or let observe answer it in time.${lost}`
        : `Show in encode what tells them apart, or let tools answer it: observe.${lost}`,
    );
  }
  if (report.misalignedFraction > 0) {
    const example =
      paid === undefined ? '' : ` The best-paid constant program, ${programText(paid)}, is right for ${percent(paid.successRate)}.`;
    find(
      'misaligned-reward',
      'error',
      `on ${percent(report.misalignedFraction)} of the problems a wrong program pays more than every right one.${example}`,
      'Lower what wrong programs are paid, or raise what right ones are.',
    );
  }
  if (constant !== undefined && shortest?.constant === true) {
    find(
      'constant-program',
      'note',
      `${programText(constant)} is right for every problem: nothing has to be read.`,
      'Draw problems that need different programs, if something is to be read.',
    );
  }
  if (random.successRate >= RANDOM_SUCCESS) {
    find(
      'random-succeeds',
      'note',
      `random programs are right for ${percent(random.successRate)} of the problems.`,
      'Compare what an agent reaches with that, rather than with 0.',
    );
  }
  if (random.successRate < SPARSE_SUCCESS && earning < SPARSE_EARNING && report.solvableFraction > 0) {
    find(
      'sparse',
      'note',
      `random programs ${random.successRate === 0 ? 'are never right' : `are right for ${percent(random.successRate)} of the problems`}, ` +
        'and hardly ever earn anything: there is little to learn from at first.',
      "Pay milestones on the way, begin with an easier stage, or leave out by mask: 'applicable' what cannot be used.",
    );
  }
  if (report.memory === 'needed' && hears) {
    find(
      'needs-memory',
      'note',
      'what is heard at a step does not say what to do at it: the network has to remember.',
      'Compare with memory: false, if in doubt what remembering is worth.',
    );
  } else if (report.memory === 'not-needed' && shortest?.constant !== true) {
    find(
      'needs-no-memory',
      'note',
      'the prompt and what is heard at a step say what to do at it: nothing has to be remembered.',
      'Compare with memory: false, or hide what is to be remembered.',
    );
  }
  return findings;
}

/**
 * @param lengths - Of contexts, by stage.
 * @returns What the author should know.
 */
export function contextLengthVaries(lengths: readonly number[]): TaskFinding {
  return {
    code: 'context-length-varies',
    severity: 'note',
    stage: undefined,
    message: `contexts have ${lengths.join(', ')} tokens by stage: padding depends on the batch, unless contextLength is set.`,
    remedy: 'Set contextLength to the longest.',
  };
}
