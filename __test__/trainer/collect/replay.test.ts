import test from 'ava';
import { arithmetic } from 'innate';
import { Replay, type ReplayState } from '#dist/trainer/collect/replay.js';
import { makeScores } from '#dist/trainer/collect/scores.js';
import { Random } from '#dist/util/random.js';

const SIZE = 8;
const REACHED = new Set([0]);

/** Plays batches of which every third program fails, and says what came back. */
function play(replay: Replay, batches: number, random: Random): unknown[] {
  return Array.from({ length: batches }, () => {
    const replayed = replay.draw(SIZE, REACHED);
    const fresh = arithmetic.sample(new Int32Array(SIZE - replayed.entries.length), random);
    const problems = [...fresh.problems, ...replayed.entries.map(({ item }) => item.problem as (typeof fresh.problems)[number])];
    const scores = makeScores(SIZE);
    for (let row = 0; row < SIZE; row += 1) {
      scores.successes[row] = row % 3 === 0 ? 0 : 1;
      scores.lengths[row] = 1 + (row % 4);
    }
    replay.note(arithmetic, arithmetic.encode(problems, 0), replayed, scores);
    return replayed.entries.map(({ item, score }, at) => [item, score, replayed.steps[at]]);
  });
}

test('a state survives JSON, and goes on as if nothing had been', (t) => {
  const replay = new Replay({ share: 0.5, size: 5, randomStep: 0.5 }, 3);
  const random = new Random(9);
  play(replay, 6, random);
  const before = random.getState();
  const state = JSON.parse(JSON.stringify(replay.getState())) as ReplayState;
  const expected = play(replay, 6, random);
  const other = new Replay({ share: 0.5, size: 5, randomStep: 0.5 }, 4);
  other.setState(state);
  random.setState(before);
  t.deepEqual(play(other, 6, random), expected);
  t.deepEqual(other.getState(), replay.getState());
  t.is(state.entries.length, 5, 'bounded');
});

test('problems are kept as values: whoever changes theirs changes nothing', (t) => {
  const replay = new Replay({ share: 0.5, size: 5, randomStep: 0 }, 3);
  const problem = { operands: [1, 2, 3, 4, 5] };
  const batch = arithmetic.encode([problem], 0);
  replay.note(arithmetic, batch, { entries: [], steps: [] }, makeScores(1));
  problem.operands[0] = 9;
  t.deepEqual(replay.getState().entries[0]?.item.problem, { operands: [1, 2, 3, 4, 5] });
  const [entry] = replay.getState().entries;
  t.notThrows(() => Object.assign(entry?.item ?? {}, { length: 7 }));
  t.is(replay.getState().entries[0]?.item.length, 0, 'a copy');
});

test('random steps are drawn from those of the last program, in the share asked for', (t) => {
  const replay = new Replay({ share: 0.5, size: 1, randomStep: 0.25 }, 3);
  const scores = makeScores(1);
  scores.lengths[0] = 4;
  replay.note(arithmetic, arithmetic.encode([{ operands: [1, 2, 3, 4, 5] }], 0), { entries: [], steps: [] }, scores);
  const { steps } = replay.draw(40_000, REACHED);
  t.is(steps.length, 20_000);
  const count = (step: number): number => steps.filter((each) => each === step).length;
  t.true(Math.abs(count(-1) - 15_000) < 5 * Math.sqrt(20_000 * 0.25 * 0.75), `${count(-1)}`);
  for (const step of [0, 1, 2, 3]) {
    t.true(Math.abs(count(step) - 1250) < 5 * Math.sqrt(1250), `${step}: ${count(step)}`);
  }
});

test('one problem at least stays fresh', (t) => {
  const replay = new Replay({ share: 0.99, size: 5, randomStep: 0 }, 3);
  replay.note(arithmetic, arithmetic.encode([{ operands: [1, 2, 3, 4, 5] }], 0), { entries: [], steps: [] }, makeScores(1));
  t.is(replay.draw(1, REACHED).entries.length, 0);
  t.is(replay.draw(3, REACHED).entries.length, 2);
});
