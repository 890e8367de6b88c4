import { InputError } from '../errors/input-error.js';
import { Issues } from '../util/issues.js';
import { Random } from '../util/random.js';

const ROUNDS = 12;

/**
 * The random stream of an episode: a function of its four arguments alone, so that it does not matter what happened in earlier episodes or in
 * other environments.
 *
 * Row and episode are added by exclusive or to the words of `new Random(seed, stream)`, and twelve rounds of the permutation of Chaskey
 * (Mouha et al. 2014) make of that the state: under one seed and stream no two episodes have the same.
 *
 * @param seed - An integer from 0 to 2⁵³ − 1.
 * @param stream - What the episode is for, an integer from 0 to 2³² − 1: training and evaluation have streams of their own.
 * @param row - Which environment, an integer from 0 to 2³² − 1.
 * @param episode - Which of its episodes, an integer from 0 to 2⁵³ − 1.
 * @returns The stream, at its beginning.
 * @throws {@link InputError} when one of them is not.
 */
export function episodeRandom(seed: number, stream: number, row: number, episode: number): Random {
  if (!(Number.isSafeInteger(row) && row >= 0 && row < 2 ** 32 && Number.isSafeInteger(episode) && episode >= 0)) {
    const issues = new Issues();
    issues.number('row', row, { integer: true, min: 0, max: 2 ** 32 - 1 });
    issues.number('episode', episode, { integer: true, min: 0 });
    issues.throwIfAny(InputError);
  }
  const random = new Random(seed, stream);
  const state = random.getState();
  let a = state[0] ^ row;
  let b = state[1] ^ episode;
  let c = state[2] ^ Math.floor(episode / 2 ** 32);
  let d = state[3];
  for (let round = 0; round < ROUNDS; round += 1) {
    a = (a + b) | 0;
    b = rotateLeft(b, 5) ^ a;
    a = rotateLeft(a, 16);
    c = (c + d) | 0;
    d = rotateLeft(d, 8) ^ c;
    a = (a + d) | 0;
    d = rotateLeft(d, 13) ^ a;
    c = (c + b) | 0;
    b = rotateLeft(b, 7) ^ c;
    c = rotateLeft(c, 16);
  }
  // All zeros is the one state that a stream cannot be in.
  random.setState([a >>> 0, b >>> 0, c >>> 0, (a | b | c | d) === 0 ? 1 : d >>> 0]);
  return random;
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
