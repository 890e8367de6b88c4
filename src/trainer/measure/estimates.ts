import { estimate, type Interval, normalInterval } from '../../metrics/interval.js';
import { passAtK } from '../../metrics/pass-at-k.js';
import type { GroupEvaluation, ProblemsEvaluation, SampledEvaluation } from './evaluate.js';
import type { Survey } from './survey.js';

/**
 * @param found - What programs reached, problem by problem.
 * @param passAt - For which `k` pass@k is told.
 * @returns The same of all problems.
 */
export function evaluationOf(found: Survey, passAt: readonly number[]): ProblemsEvaluation & { readonly returnInterval: Interval } {
  const { low, high, mean } = normalInterval(found.returns);
  return { ...ofProblems(found, everyPlace(found), passAt, mean), returnInterval: { low, high } };
}

/**
 * @param found - What programs reached, problem by problem.
 * @param passAt - For which `k` pass@k is told.
 * @returns The same by group, in the order of their names; undefined where there are no groups.
 */
export function groupEvaluationsOf(found: Survey, passAt: readonly number[]): readonly GroupEvaluation[] | undefined {
  if (found.groups === undefined) {
    return undefined;
  }
  const places = new Map<string, number[]>();
  found.groups.forEach((group, place) => {
    const own = places.get(group);
    if (own === undefined) {
      places.set(group, [place]);
    } else {
      own.push(place);
    }
  });
  const names = [...places.keys()].sort();
  return names.map((group) => {
    const own = places.get(group) ?? [];
    return { group, ...ofProblems(found, own, passAt, meanAt(found.returns, own)) };
  });
}

function ofProblems(found: Survey, places: readonly number[], passAt: readonly number[], meanReturn: number): ProblemsEvaluation {
  const greedy = estimate(
    Float64Array.from(places, (place) => found.successes[place] as number),
    1,
  );
  const evaluation = { problems: places.length, ...greedy, meanReturn };
  return found.samples === 0 ? evaluation : { ...evaluation, sampled: ofSamples(found, places, passAt) };
}

function ofSamples(
  { samples, right, returnSums, bestReturns }: Survey,
  places: readonly number[],
  passAt: readonly number[],
): SampledEvaluation {
  const each = (value: (right: number) => number): Float64Array => Float64Array.from(places, (place) => value(right[place] as number));
  return {
    samples,
    ...estimate(
      each((count) => count / samples),
      samples,
    ),
    meanReturn: meanAt(returnSums, places) / samples,
    bestOf: {
      ...estimate(
        each((count) => (count > 0 ? 1 : 0)),
        1,
      ),
      meanReturn: meanAt(bestReturns, places),
    },
    passAt: passAt.map((k) => ({
      k,
      ...estimate(
        each((count) => passAtK(samples, count, k)),
        samples,
      ),
    })),
  };
}

function everyPlace({ successes }: Survey): number[] {
  return Array.from(successes, (_, place) => place);
}

function meanAt(values: ArrayLike<number>, places: readonly number[]): number {
  return places.reduce((sum, place) => sum + (values[place] as number), 0) / places.length;
}
