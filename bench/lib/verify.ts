// What a benchmark fails on: wrong results, and nothing else.
import { Agent, type Engine, type Episodes, tutorial } from 'innate';
import { type Golden, golden } from '../../__test__/support/safetensors.js';
import { distance, largestDifference } from '../../__test__/support/weights.js';
import { task } from './agents.js';
import type { CheckAnswer } from './serve.js';

/** Largest differences that pass. */
const TOLERANCE = { logits: 2e-5, loss: 5e-5, weights: 2e-5 } as const;

/** A result is wrong. */
export class WrongResultError extends Error {}

/** Throws when the largest difference found is larger than what passes, or not a number. */
export function assertClose(who: string, what: string, difference: number, tolerance: number): void {
  if (!(difference <= tolerance)) {
    throw new WrongResultError(`${who}: ${what} differ by ${difference}; at most ${tolerance} is allowed.`);
  }
}

function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}

/** Compares an engine's first update with PyTorch's, and throws saying what differs. */
export function assertGolden(who: string, file: Golden, { logits, loss, gradNorm, rewards, weights }: CheckAnswer): void {
  const [expectedLoss = NaN] = file.floats('step0.loss');
  const [expectedNorm = NaN] = file.floats('step0.grad_norm');
  assertClose(who, 'logits', distance(logits, file.floats('step0.logits')), TOLERANCE.logits);
  assertClose(who, 'loss', relative(loss, expectedLoss), TOLERANCE.loss);
  assertClose(who, 'gradient norm', relative(gradNorm, expectedNorm), TOLERANCE.loss);
  if (rewards !== undefined) {
    assertClose(who, 'rewards', distance(rewards, file.floats('step0.reward')), 1e-6);
  }
  const entries = Object.entries(weights).map(([name, data]) => [name, { shape: [data.length], data: Float32Array.from(data) }]);
  const difference = largestDifference(Object.fromEntries(entries), file.weights('step0.after.'));
  assertClose(who, 'weights after one step', difference, TOLERANCE.weights);
}

/** Its forced episodes. */
export function episodesOf(file: Golden, step: number): Episodes & { readonly actions: Int32Array } {
  const of = (name: string): string => `step${step}.${name}`;
  return {
    contexts: file.ints(of('context')),
    stages: file.ints(of('stage')),
    actions: file.ints(of('actions')),
    returns: file.floats(of('reward')),
  };
}

/** What it makes of the first update. */
export async function checkedUpdate(agent: Agent, file: Golden): Promise<CheckAnswer> {
  const episodes = episodesOf(file, 0);
  const { logits } = await agent.evaluateActions(episodes);
  const { loss, gradNorm } = await agent.update(episodes);
  const weights = Object.entries(await agent.stateDict()).map(([name, { data }]) => [name, data]);
  return { logits, loss, gradNorm, weights: Object.fromEntries(weights) };
}

/** Checks an engine of this package against all golden vectors. Returns how many updates were compared. */
export async function verifyEngine(engine: Engine, device: 'cpu' | 'cuda' = 'cpu'): Promise<number> {
  let compared = 0;
  for (const context of ['own', 'batch'] as const) {
    for (const stage of [0, 1, 2]) {
      const file = golden(`${context}_context_stage${stage}`);
      await using agent = await Agent.create({ device, task: tutorial.task({ context }), engine });
      await agent.loadStateDict(file.weights('init.'));
      assertGolden(`${engine} on ${device}, ${context} context, stage ${stage}`, file, await checkedUpdate(agent, file));
      compared += 1;
    }
  }
  return compared;
}

/** Checks that the two engines agree over several updates from one seed. */
export async function verifyEnginesAgree(updates: number): Promise<void> {
  const file = golden('own_context_stage2');
  await using fused = await Agent.create({ task, seed: 5, engine: 'fused' });
  await using plain = await Agent.create({ task, seed: 5, engine: 'plain' });
  for (let step = 0; step < updates; step += 1) {
    const episodes = episodesOf(file, step % 3);
    const [a, b] = [await fused.update(episodes), await plain.update(episodes)];
    assertClose('fused and plain', `losses of update ${step}`, relative(a.loss, b.loss), TOLERANCE.loss);
  }
  assertClose('fused and plain', 'weights', largestDifference(await fused.stateDict(), await plain.stateDict()), 10 * TOLERANCE.weights);
}
