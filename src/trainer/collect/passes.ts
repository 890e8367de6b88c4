import type { Agent } from '../../agent/agent.js';
import type { WeighedShown } from '../../agent/shown.js';
import { accumulateShown } from '../../agent/teach.js';
import type { LearnConfig, RolloutStats } from '../../algorithm/learn.js';
import type { LossStats } from '../../algorithm/objective.js';
import type { Random } from '../../util/random.js';
import { shuffle } from '../../util/shuffle.js';
import { gather } from '../imitate/demonstrations.js';
import type { Collected } from './collector.js';
import { type Counting, countingOf, silenced } from './counting.js';

/** What of `targetKl` ends the passes over a batch, as elsewhere. */
const KL_MARGIN = 1.5;

/** What passes are made with beside the batch. */
export interface PassesContext {
  /** How. */
  readonly config: LearnConfig;
  /** Which programs are learned from together. */
  readonly random: Random;
  /** What each program is worth, `[n]`; absent: R − vₜ at each step, of the values that the programs were emitted with. */
  readonly advantages?: Float32Array | undefined;
  /** How probable the actions are to a reference, `[n, T]`; absent: there is none. */
  readonly referenceLogProbs?: Float32Array | undefined;
  /** What is imitated: cut into as many parts as the batch is. */
  readonly beside?: WeighedShown | undefined;
}

/**
 * Learns from the programs of a task that does not answer: passes over the batch in minibatches of whole programs.
 *
 * @param agent - Who learns.
 * @param collected - The batch.
 * @param context - How, and what else.
 * @returns Means over the minibatches.
 */
export async function learnInPasses(agent: Agent, collected: Collected, context: PassesContext): Promise<RolloutStats> {
  const { config, random, referenceLogProbs, beside } = context;
  const { epochs, minibatches, clipRange, clipRangeHigh, klCoef, targetKl, normalizeAdvantage, reduction, ...rest } = config;
  const { valueCoef, entropyCoef, learningRate, maxGradNorm, beta1, beta2, epsilon } = rest;
  const { episodes, chosen } = collected;
  const { returns, lengths: _, ...programs } = episodes;
  const count = episodes.stages.length;
  const counting = countingOf(collected);
  const { weights, silent } = counting;
  const advantages = context.advantages ?? counting.advantages;
  const parts = beside && cut(beside, minibatches);
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const seen: LossStats[] = [];
  const imitated: number[] = [];
  let norms = 0;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(rows, random);
    for (let part = 0; part < minibatches; part += 1) {
      const own = rows.subarray(Math.floor((part * count) / minibatches), Math.floor(((part + 1) * count) / minibatches));
      const judged = silenced(normalizeAdvantage ? normalized(counting, own) : advantages, silent);
      const losses = await agent.accumulate({
        ...programs,
        rows: own,
        weights,
        advantages: judged,
        valueTargets: valueCoef === 0 && context.advantages !== undefined ? undefined : returns,
        oldLogProbs: chosen.logProbs,
        referenceLogProbs,
        clipRange,
        clipRangeHigh,
        klCoef,
        reduction,
        valueCoef,
        entropyCoef,
        baseline: 'step',
      });
      if ((losses.approxKl ?? 0) > KL_MARGIN * targetKl) {
        await agent.setGradient();
        return means([...seen, losses], norms, seen.length, imitated);
      }
      const imitating = parts?.[part];
      if (imitating !== undefined) {
        imitated.push(await accumulateShown(agent, imitating));
      }
      norms += (await agent.apply({ learningRate, maxGradNorm, beta1, beta2, epsilon })).gradNorm;
      seen.push(losses);
    }
  }
  return means(seen, norms, seen.length, imitated);
}

/** Rows of what is imitated, for each minibatch; undefined where there are none for it. */
function cut({ shown, weight }: WeighedShown, minibatches: number): (WeighedShown | undefined)[] {
  const count = shown.observed?.rows ?? shown.stages.length;
  return Array.from({ length: minibatches }, (_, part) => {
    const [from, to] = [Math.floor((part * count) / minibatches), Math.floor(((part + 1) * count) / minibatches)];
    const rows = Uint32Array.from({ length: to - from }, (_row, at) => from + at);
    return rows.length === 0 ? undefined : { shown: gather({ shown, count }, rows), weight };
  });
}

/** Advantages with mean 0 and standard deviation 1 over the steps of some rows that count. */
function normalized({ advantages, weights, firsts, lengths }: Counting, rows: Uint32Array): Float32Array {
  const horizon = weights.length / firsts.length;
  let [count, sum, squares] = [0, 0, 0];
  for (const row of rows) {
    for (let at = row * horizon + (firsts[row] as number); at < row * horizon + (lengths[row] as number); at += 1) {
      count += 1;
      sum += advantages[at] as number;
      squares += (advantages[at] as number) ** 2;
    }
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 0));
  return advantages.map((advantage) => (advantage - mean) / (deviation + 1e-8));
}

function means(seen: readonly LossStats[], norms: number, updates: number, imitated: readonly number[]): RolloutStats {
  const mean = (key: keyof LossStats): number => seen.reduce((sum, losses) => sum + (losses[key] ?? 0), 0) / seen.length;
  return {
    loss: mean('loss'),
    policyLoss: mean('policyLoss'),
    valueLoss: mean('valueLoss'),
    entropy: mean('entropy'),
    explainedVariance: seen[0]?.explainedVariance ?? NaN,
    approxKl: mean('approxKl'),
    clipFraction: mean('clipFraction'),
    ...(seen[0]?.referenceKl === undefined ? {} : { referenceKl: mean('referenceKl') }),
    ...(imitated.length === 0 ? {} : { imitationLoss: imitated.reduce((sum, loss) => sum + loss, 0) / imitated.length }),
    gradNorm: norms / updates,
    updates,
  };
}
