import test from 'ava';
import { episodeRandom } from '#dist/environment/episode-random.js';
import { EpisodeReplay } from '#dist/trainer/steps/episode-replay.js';
import { EpisodeSource } from '#dist/trainer/steps/episode-source.js';
import { STREAMS } from '#dist/util/random.js';

const SEED = 7;

/** Episodes of one row, by the first number of their streams: fresh ones by their place, from 0. */
function numbered(count: number, row = 0): ReadonlyMap<number, number> {
  return new Map(Array.from({ length: count }, (_, k) => [episodeRandom(SEED, STREAMS.training, row, k).uint32(), k]));
}

function sources(share: number, size = 4): { source: EpisodeSource; replay: EpisodeReplay } {
  const replay = new EpisodeReplay({ share, size }, SEED);
  return { source: new EpisodeSource(SEED, STREAMS.training, 1, replay), replay };
}

test('an episode that failed comes back with the stream that it had, and fresh ones go on as without', (t) => {
  const { source, replay } = sources(0.5);
  const known = numbered(100);
  const seen: number[] = [];
  const next = (): number => {
    const episode = known.get(source.next(0).random.uint32());
    t.not(episode, undefined, 'a stream of the run');
    seen.push(episode ?? -1);
    return episode ?? -1;
  };
  next();
  const fresh: number[] = [];
  for (let k = 0; k < 99; k += 1) {
    const ended = seen.at(-1) ?? -1;
    next();
    // Only every tenth fails.
    if (source.ended(0, 0, ended % 10 === 3 ? 0 : 1)) {
      fresh.push(ended);
    } else {
      t.is(ended % 10, 3);
    }
  }
  t.deepEqual(
    fresh,
    fresh.map((_, k) => k),
  );
  t.true(fresh.length > 40 && fresh.length < 60, `${fresh.length}`);
  const { share, fill, scoreMean } = replay.take();
  t.true(Math.abs(share - (99 - fresh.length) / 99) < 1e-12);
  t.is(fill, 1);
  t.is(scoreMean, 1);
});

test('without an aim, failing is to earn less than the median of the last fresh ones', (t) => {
  const { replay } = sources(0.9, 100);
  const note = (row: number, episodeReturn: number): void => replay.note({ row, episode: 0 }, undefined, 0, episodeReturn, 255);
  note(0, -5);
  t.is(replay.take().fill, 0, 'nothing to compare with');
  for (let row = 1; row <= 10; row += 1) {
    note(row, row);
  }
  const kept = (): number[] => replay.getState().entries.map(({ item }) => item.row);
  t.deepEqual(kept(), [], 'each was better than all before');
  note(11, 4);
  note(12, 9);
  t.deepEqual(kept(), [11]);
  for (let row = 13; row < 13 + 101; row += 1) {
    note(row, 100);
  }
  note(200, 99);
  t.deepEqual(kept(), [11, 200], 'the old ones are forgotten');
});

test('only episodes of the stage come back', (t) => {
  const { replay } = sources(0.99, 4);
  replay.note({ row: 0, episode: 5 }, undefined, 0, 0, 0);
  t.true(Array.from({ length: 50 }, () => replay.draw(1)).every((entry) => entry === undefined));
  t.true(Array.from({ length: 50 }, () => replay.draw(0)).some((entry) => entry?.item.episode === 5));
});

test('a state that was put back goes on as if nothing had been', (t) => {
  const { replay } = sources(0.5, 3);
  for (let row = 0; row < 5; row += 1) {
    replay.note({ row, episode: row * row }, undefined, 0, row, row === 2 ? 255 : 0);
  }
  const state = JSON.parse(JSON.stringify(replay.getState())) as ReturnType<EpisodeReplay['getState']>;
  const run = (of: EpisodeReplay): unknown[] =>
    Array.from({ length: 30 }, (_, k) => {
      const entry = of.draw(0);
      of.note({ row: 9, episode: k }, entry, 0, k, k % 2 === 0 ? 255 : 1);
      return entry?.item;
    });
  const other = sources(0.5, 3).replay;
  other.setState(state);
  const expected = run(replay);
  t.deepEqual(run(other), expected);
  t.deepEqual(other.getState(), replay.getState());
  t.true(expected.includes(undefined) && expected.some((item) => item !== undefined));
});
