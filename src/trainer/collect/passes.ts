import type { Agent } from '../../agent/agent.js';
import type { LearnConfig, RolloutStats } from '../../algorithm/learn.js';
import type { LossStats } from '../../algorithm/objective.js';
import type { Random } from '../../util/random.js';
import type { Collected } from './collector.js';

/** What of `targetKl` ends the passes over a batch, as elsewhere. */
const KL_MARGIN = 1.5;

/**
 * PPO on the programs of a task that does not answer: passes over the batch in minibatches of whole programs, with advantages R − vₜ of the
 * values that the programs were emitted with.
 *
 * @param agent - Who learns.
 * @param collected - The batch.
 * @param config - How.
 * @param random - Which programs are learned from together.
 * @returns Means over the minibatches.
 */
export async function learnInPasses(
  agent: Agent,
  { episodes, chosen }: Collected,
  config: LearnConfig,
  random: Random,
): Promise<RolloutStats> {
  const { epochs, minibatches, clipRange, targetKl, normalizeAdvantage, reduction, valueCoef, entropyCoef, ...rest } = config;
  const { learningRate, maxGradNorm, beta1, beta2, epsilon } = rest;
  const count = episodes.stages.length;
  const { returns, ...programs } = episodes;
  const horizon = episodes.actions.length / count;
  const lengths = episodes.lengths ?? new Int32Array(count).fill(horizon);
  const advantages = chosen.values.map((value, at) => (returns[Math.floor(at / horizon)] as number) - value);
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const seen: LossStats[] = [];
  let norms = 0;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(rows, random);
    for (let part = 0; part < minibatches; part += 1) {
      const own = rows.subarray(Math.floor((part * count) / minibatches), Math.floor(((part + 1) * count) / minibatches));
      const judged = normalizeAdvantage ? normalized(advantages, own, lengths, horizon) : advantages;
      const losses = await agent.accumulate({
        ...programs,
        rows: own,
        advantages: judged,
        valueTargets: returns,
        oldLogProbs: chosen.logProbs,
        clipRange,
        reduction,
        valueCoef,
        entropyCoef,
        baseline: 'step',
      });
      if ((losses.approxKl ?? 0) > KL_MARGIN * targetKl) {
        await agent.setGradient();
        return means([...seen, losses], norms, seen.length);
      }
      norms += (await agent.apply({ learningRate, maxGradNorm, beta1, beta2, epsilon })).gradNorm;
      seen.push(losses);
    }
  }
  return means(seen, norms, seen.length);
}

function shuffle(rows: Uint32Array, random: Random): void {
  for (let last = rows.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    const row = rows[last] as number;
    rows[last] = rows[other] as number;
    rows[other] = row;
  }
}

/** Advantages with mean 0 and standard deviation 1 over the steps of some rows that count. */
function normalized(advantages: Float32Array, rows: Uint32Array, lengths: ArrayLike<number>, horizon: number): Float32Array {
  let [count, sum, squares] = [0, 0, 0];
  for (const row of rows) {
    for (let at = row * horizon; at < row * horizon + (lengths[row] as number); at += 1) {
      count += 1;
      sum += advantages[at] as number;
      squares += (advantages[at] as number) ** 2;
    }
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 0));
  return advantages.map((advantage) => (advantage - mean) / (deviation + 1e-8));
}

function means(seen: readonly LossStats[], norms: number, updates: number): RolloutStats {
  const mean = (key: keyof LossStats): number => seen.reduce((sum, losses) => sum + (losses[key] ?? 0), 0) / seen.length;
  return {
    loss: mean('loss'),
    policyLoss: mean('policyLoss'),
    valueLoss: mean('valueLoss'),
    entropy: mean('entropy'),
    explainedVariance: seen[0]?.explainedVariance ?? NaN,
    approxKl: mean('approxKl'),
    clipFraction: mean('clipFraction'),
    gradNorm: norms / updates,
    updates,
  };
}
