import { createHash } from 'node:crypto';
import type { Agent, StateDict } from 'innate';

/** The bytes of all weights, as a digest. */
export async function digest(agent: Agent): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of Object.entries(await agent.stateDict()).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}[${shape.join()}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** The largest difference between two records of weights, whose names and shapes must agree. */
export function largestDifference(actual: StateDict, expected: StateDict): number {
  const names = Object.keys(expected).sort();
  if (names.join() !== Object.keys(actual).sort().join()) {
    return Infinity;
  }
  return Math.max(...names.map((name) => distance(actual[name]?.data ?? [], expected[name]?.data ?? [])));
}

/** The largest difference between two lists of numbers of one length. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    return Infinity;
  }
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    largest = actual[i] === expected[i] ? largest : Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  return largest;
}
