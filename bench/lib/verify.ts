// What a benchmark fails on: wrong results of a peer, and nothing else. Our own engines are held to the same by __test__/agent/parity.test.ts.
import type { Agent, Episodes } from 'innate';
import type { Golden } from '../../__test__/support/safetensors.js';
import { distance, largestDifference } from '../../__test__/support/weights.js';
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

/** The forced episodes of the first update. */
export function episodesOf(file: Golden): Episodes & { readonly actions: Int32Array } {
  return {
    contexts: file.ints('step0.context'),
    stages: file.ints('step0.stage'),
    actions: file.ints('step0.actions'),
    returns: file.floats('step0.reward'),
  };
}

/** What it makes of the first update. */
export async function checkedUpdate(agent: Agent, file: Golden): Promise<CheckAnswer> {
  const episodes = episodesOf(file);
  const { logits } = await agent.evaluateActions(episodes);
  const { loss, gradNorm } = await agent.update(episodes);
  const weights = Object.entries(await agent.stateDict()).map(([name, { data }]) => [name, data]);
  return { logits, loss, gradNorm, weights: Object.fromEntries(weights) };
}
