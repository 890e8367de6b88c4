import test from 'ava';
import fc from 'fast-check';
import { episodeRandom, InputError, type RandomState } from 'innate';

test('known answers, one for each argument', (t) => {
  const answers: readonly (readonly [seed: number, stream: number, row: number, episode: number, state: readonly number[]])[] = [
    // From a program of the permutation in another language.
    [0, 0, 0, 0, [824596765, 1861071530, 1506431552, 3617226371]],
    [0, 0, 1, 0, [2345596553, 2640281587, 270280967, 840506999]],
    [1, 0, 0, 0, [775780876, 1450484292, 3105552405, 4006396875]],
    [0, 1, 0, 0, [579022540, 1068384686, 579133584, 3100272171]],
    [0, 0, 0, 1, [2858461711, 118157617, 4173018355, 2692981645]],
    [2 ** 53 - 1, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 53 - 1, [2027305193, 322276987, 659974643, 365788986]],
  ];
  for (const [seed, stream, row, episode, state] of answers) {
    t.deepEqual(episodeRandom(seed, stream, row, episode).getState(), state as RandomState);
  }
});

test('no two of many episodes share a state, nor a word in the same place more often than chance has it', (t) => {
  const states = new Set<string>();
  const words = [0, 1, 2, 3].map(() => new Set<number>());
  let count = 0;
  for (const seed of [0, 1]) {
    for (const stream of [1, 2]) {
      for (let row = 0; row < 64; row += 1) {
        for (const episode of [...Array(500).keys(), ...Array.from({ length: 20 }, (_, at) => at * 2 ** 32)]) {
          const state = episodeRandom(seed, stream, row, episode).getState();
          states.add(String(state));
          for (const [place, word] of state.entries()) {
            words[place]?.add(word);
          }
          count += 1;
        }
      }
    }
  }
  // 64 × 20 × 4 of them twice: 0 × 2³² is episode 0.
  const distinct = count - 64 * 4;
  t.is(states.size, distinct);
  const expected = distinct ** 2 / 2 ** 33;
  for (const { size } of words) {
    t.true(distinct - size < expected + 5 * Math.sqrt(expected), `${distinct - size} of ${expected.toFixed(1)}`);
  }
});

test('first numbers of neighbouring episodes are uniform and unrelated', (t) => {
  const first = Array.from({ length: 20_000 }, (_, episode) => episodeRandom(3, 1, 7, episode).float());
  const mean = first.reduce((sum, x) => sum + x, 0) / first.length;
  const lag = first.slice(1).reduce((sum, x, at) => sum + (x - 0.5) * ((first[at] ?? 0) - 0.5), 0) / first.length;
  t.true(Math.abs(mean - 0.5) < 4 * Math.sqrt(1 / 12 / first.length), String(mean));
  t.true(Math.abs(lag) < 4 / 12 / Math.sqrt(first.length), String(lag));
});

test('arguments that mean nothing', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 53, Infinity, 1n as unknown as number)), fc.nat(3), (bad, place) => {
      const args: [number, number, number, number] = [1, 1, 1, 1];
      args[place] = bad;
      const error = t.throws(() => episodeRandom(...args), { instanceOf: InputError });
      t.is(error?.path, ['seed', 'stream', 'row', 'episode'][place]);
    }),
  );
});
