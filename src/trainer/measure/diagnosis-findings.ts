import { describeStanding, PLATEAU_CAUSES, percent, remedyOf } from '../../metrics/plateau.js';
import type { Plateau } from '../watch/plateau.js';
import type { DiagnosisCode, DiagnosisFinding, StageDiagnosis } from './diagnosis.js';
import type { GroupEvaluation } from './evaluate.js';
import type { Survey } from './survey.js';

/** What findings follow from, beside the diagnosis. */
export interface DiagnosisEvidence {
  /** What programs reached, problem by problem. */
  readonly found: Survey;
  /** The highest entropy that is known of the policy, nats a step. */
  readonly highestEntropy: number;
  /** How the last run stands still at this stage, if it does. */
  readonly plateau: Plateau | undefined;
  /** Whether problems that failed come back. */
  readonly replays: boolean;
}

/** Share of the highest entropy below which it has collapsed. */
const COLLAPSED = 0.05;
/** Share of failing problems for which a right program is sampled, from which on it is found. */
const FOUND = 0.1;
/** A group fails whose success is surely below that of the others by this much. */
const APART = 0.05;

/**
 * @param stage - A stage that was measured.
 * @param evidence - What else was found.
 * @returns What keeps it from its target; nothing where it may well have reached it.
 */
export function diagnosisFindings(stage: Omit<StageDiagnosis, 'examples'>, evidence: DiagnosisEvidence): DiagnosisFinding[] {
  const { name, interval, target, training, successRate, entropy, groups = [] } = stage;
  const findings: DiagnosisFinding[] = [];
  const find = (code: DiagnosisCode, message: string, remedy: string): void => {
    findings.push({ code, stage: name, message, remedy });
  };
  const below = groups.filter((group) => group.interval.high < target && isApart(group, groups));
  if (interval.high >= target && below.length === 0) {
    return [];
  }
  if (interval.high < target) {
    find(
      'below-target',
      `success is ${percent(successRate)}, and ${percent(target)} is asked for.`,
      'Train on, or see what else is found.',
    );
  }
  if (below.length > 0) {
    const names = below.map(({ group, successRate: success, problems }) => `${group} (${percent(success)} of ${problems})`).join(', ');
    find(
      'group-fails',
      `${names} fail${below.length === 1 ? 's' : ''} where other problems do not.`,
      remedyOf(['groups'], evidence.replays),
    );
  }
  findInSamples(evidence.found, find);
  if (training !== undefined && interval.high < training.interval.low) {
    find(
      'test-gap',
      `held-out problems succeed in ${percent(successRate)}, those that are trained on in ${percent(training.successRate)}.`,
      "Train on, which often closes it late; more kinds of problems, and where the order of a context counts network: { encoder: 'gru', attention: 'prompt' }.",
    );
  }
  if (entropy < COLLAPSED * evidence.highestEntropy) {
    find('entropy-collapse', PLATEAU_CAUSES['entropy-collapse'].meaning, PLATEAU_CAUSES['entropy-collapse'].remedy);
  }
  if (evidence.plateau !== undefined) {
    const { meanReturn, ...plateau } = evidence.plateau;
    find('plateau', describeStanding({ ...plateau, episodeReturnMean: meanReturn }), remedyOf(plateau.causes, evidence.replays));
  }
  return findings;
}

/** What sampled programs say of the problems on which the greedy one fails. */
function findInSamples(
  { successes, right, samples, returns, returnSums, bestReturns }: Survey,
  find: (code: DiagnosisCode, message: string, remedy: string) => void,
): void {
  const failing = Array.from(successes, (_, place) => place).filter((place) => successes[place] === 0);
  const solved = failing.filter((place) => (right[place] as number) > 0).length / failing.length;
  if (failing.length === 0) {
    return;
  }
  const alike = failing.filter((place) => {
    const best = bestReturns[place] as number;
    // All equal to the best of them, and to the greedy one.
    return (
      Math.abs((returnSums[place] as number) - samples * best) <= 1e-6 * Math.max(1, Math.abs(samples * best)) && returns[place] === best
    );
  });
  if (alike.length > (1 - FOUND) * failing.length) {
    find(
      'no-variance',
      'what is sampled for a failing problem earns the same as its greedy program.',
      PLATEAU_CAUSES['no-variance'].remedy,
    );
  }
  if (solved < FOUND) {
    find(
      'never-found',
      `for ${percent(1 - solved)} of the failing problems none of ${samples} sampled programs is right.`,
      'Let problems that failed come back, with a random step (replay); pay milestones on the way; or show the agent right programs (trainer.imitate).',
    );
  } else {
    find(
      'found-not-chosen',
      `for ${percent(solved)} of the failing problems one of ${samples} sampled programs is right.`,
      'Train on; lower entropyCoef towards the end. Until then the best of several sampled programs is better than the greedy one.',
    );
  }
}

function isApart(group: GroupEvaluation, groups: readonly GroupEvaluation[]): boolean {
  const others = groups.filter((other) => other !== group);
  const problems = others.reduce((sum, other) => sum + other.problems, 0);
  const success = others.reduce((sum, other) => sum + other.problems * other.successRate, 0) / problems;
  return group.interval.high < success - APART;
}
