import type { GroupMetrics, PlateauCause } from './events.js';

/** What a cause means, and what usually helps. */
export interface CauseText {
  /** One sentence for people: what it means. */
  readonly meaning: string;
  /** What usually helps. */
  readonly remedy: string;
}

/** By cause. */
export const PLATEAU_CAUSES: Readonly<Record<PlateauCause, CauseText>> = {
  'no-variance': {
    meaning: 'all programs of a batch earn the same, so that there is nothing to learn from.',
    remedy:
      'Pay milestones on the way, begin with an easier stage, leave out by mask what cannot be used, or show the agent right programs first (trainer.imitate).',
  },
  'entropy-collapse': {
    meaning: 'the policy has all but stopped trying anything else: its entropy has collapsed.',
    remedy: 'Raise entropyCoef or hold the entropy (entropyTarget), and train a new agent: this one will hardly find out.',
  },
  groups: {
    meaning: 'some problems are not learned, while the others are.',
    remedy: 'Draw these problems more often, or give them a stage or a milestone of their own.',
  },
  'nothing-found': {
    meaning: 'right programs are hardly ever found.',
    remedy:
      'Pay milestones on the way, begin with an easier stage, show the agent right programs first (trainer.imitate), or raise entropyCoef. checkTask says whether there are right programs at all.',
  },
  unknown: {
    meaning: 'nothing that is measured says why.',
    remedy:
      "Name groups of problems (group of a definition), to see which fail. Where the order of a context counts, read it in order (network: { encoder: 'gru', attention: 'prompt' }). checkTask says what can be reached at all.",
  },
};

/** How a stage stands. */
export interface Standing {
  readonly since: number;
  readonly successRate: number;
  readonly episodeReturnMean: number;
  readonly causes: readonly PlateauCause[];
  readonly groups: readonly GroupMetrics[];
}

/**
 * @param standing - How a stage stands.
 * @returns It in words, without its name.
 */
export function describeStanding({ since, successRate, episodeReturnMean, causes, groups }: Standing): string {
  const level = Number.isNaN(successRate) ? `return ${episodeReturnMean.toFixed(3)}` : `success ${percent(successRate)}`;
  const which = groups
    .slice(0, 3)
    .map((group) => `${group.group} ${percent(group.successRate)}`)
    .join(', ');
  const more = groups.length > 3 ? ` and ${groups.length - 3} more` : '';
  const meanings = causes.map((cause) => PLATEAU_CAUSES[cause].meaning).join(' And ');
  return `stands at ${level} since iteration ${since}${which === '' ? '' : `, with ${which}${more}`}: ${meanings}`;
}

/** What has helped most where some problems fail, and is on unless it was turned off. */
const REPLAY = 'Let problems that failed come back: replay is off.';

/**
 * @param causes - Why a stage stands.
 * @param replays - Whether problems that failed come back, or could not.
 * @returns What usually helps.
 */
export function remedyOf(causes: readonly PlateauCause[], replays: boolean): string {
  const missed = !replays && causes.some((cause) => cause === 'groups' || cause === 'nothing-found' || cause === 'unknown');
  return [...(missed ? [REPLAY] : []), ...causes.map((cause) => PLATEAU_CAUSES[cause].remedy)].join(' ');
}

/**
 * @param share - 0 to 1.
 * @returns It in percent, as text.
 */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
