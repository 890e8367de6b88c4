import test from 'ava';
import fc from 'fast-check';
import { defineTask } from '#dist/define/define-task.js';
import { checkedScore } from '#dist/task/checked.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import { Random } from '#dist/util/random.js';

interface Shape {
  readonly mask: boolean | 'applicable';
  readonly hears: boolean;
  readonly ends: boolean;
  readonly refuses: boolean;
  readonly judged: boolean;
  readonly horizon: number;
  readonly numbers: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  mask: fc.constantFrom(true, false, 'applicable' as const),
  hears: fc.boolean(),
  ends: fc.boolean(),
  refuses: fc.boolean(),
  judged: fc.boolean(),
  horizon: fc.integer({ min: 3, max: 9 }),
  numbers: fc.integer({ min: 1, max: 4 }),
});

/** A purse that is filled and spent, with something of everything. */
function purse({ mask, hears, ends, refuses, judged, horizon, numbers }: Shape) {
  return defineTask({
    name: 'purse',
    stages: ['poor', 'rich'],
    horizon,
    symbols: ['empty', 'some', 'open'],
    sample: (random, stage) => ({ goal: random.int(4) + (stage === 'rich' ? 2 : 0), opens: random.int(3) }),
    encode: ({ goal }) => [goal % 3],
    start: () => ({ open: false, coins: 0, refused: 0, steps: 0 }),
    mask,
    observe: hears ? ({ open, coins }) => [...(open ? (['open'] as const) : []), coins === 0 ? 'empty' : 'some'] : undefined,
    observationLength: hears ? 2 : undefined,
    tools: {
      OPEN: {
        when: ({ open }, { opens }) => !open && opens > 0,
        run: (state) => {
          state.open = true;
        },
      },
      MOVE: {
        parameters: { way: ['in', 'out'], coins: numbers },
        when: ({ open, coins }, _problem, _stage, args) =>
          open && (args.way !== 'out' || coins >= Math.max(1, args.coins ?? 0)) && coins < 5,
        run: (state, _problem, _stage, { way, coins }) => {
          state.coins += way === 'in' ? coins + 1 : -coins;
        },
      },
      CLOSE: { when: ({ open }) => open, ends },
    },
    onRefused: refuses
      ? (state) => {
          state.refused += 1;
        }
      : undefined,
    milestones: {
      opened: { reward: 0.125, reached: ({ open }) => open },
      filled: { reward: 0.25, stages: ['rich'], reached: ({ coins }) => coins > 1 },
      refused: { reward: -0.5, reached: ({ refused }) => refused > 1 },
    },
    success: ({ coins }, { goal }) => coins === goal,
    reward: judged ? ({ success, steps, state }) => (success ? 2 : 0) - steps / 8 - state.refused / 4 : undefined,
  });
}

const ROWS = 6;

test('scoring a program is stepping it; a trace says the same; rows that ended stay as they are', (t) => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 2 ** 31 }), (shape, seed) => {
      const task = purse(shape);
      const random = new Random(seed);
      const batch = task.sample(
        Int32Array.from({ length: ROWS }, () => random.int(2)),
        random,
      );
      const size = task.vocabulary.length;
      const actions = Int32Array.from({ length: ROWS * shape.horizon }, () => random.int(size));
      const episodes = checkedBegin(task, batch);
      const sums = new Float64Array(ROWS);
      const rewards: number[][] = batch.problems.map(() => []);
      for (let step = 0; step < shape.horizon; step += 1) {
        const before = [...episodes.ended];
        episodes.step(Int32Array.from({ length: ROWS }, (_, row) => actions[row * shape.horizon + step] ?? 0));
        before.forEach((ended, row) => {
          if (ended === 1) {
            t.deepEqual([episodes.ended[row], episodes.rewards[row]], [1, 0]);
            t.true(episodes.allowed?.subarray(row * size, (row + 1) * size).every((bit) => bit === 1) ?? true);
          }
          sums[row] = (sums[row] ?? 0) + (episodes.rewards[row] ?? 0);
          rewards[row]?.push(episodes.rewards[row] ?? 0);
        });
      }
      t.true(episodes.ended.every((bit) => bit === 1));
      const make = () => ({ returns: new Float32Array(ROWS), successes: new Uint8Array(ROWS), lengths: new Int32Array(ROWS) });
      const [stepped, scored] = [make(), make()];
      episodes.score(stepped);
      checkedScore(task, batch, actions, scored);
      t.deepEqual(stepped, scored);
      batch.problems.forEach((problem, row) => {
        const trace = task.trace(problem, batch.stages[row] ?? 0, actions.subarray(row * shape.horizon, (row + 1) * shape.horizon));
        t.true(Math.abs((sums[row] ?? 0) - trace.episodeReturn) < 1e-6, 'rewards sum up to the return');
        t.is(
          trace.steps.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0),
          scored.lengths[row] ?? 0,
        );
        const earned = trace.steps.flatMap(({ reward = 0, tokenCount = 1 }) => [
          ...new Array<number>(tokenCount - 1).fill(0),
          Math.fround(reward),
        ]);
        t.deepEqual(earned, rewards[row]?.slice(0, earned.length));
        const run = task.machine.start(problem, batch.stages[row] ?? 0);
        for (let step = 0; step < (scored.lengths[row] ?? 0); step += 1) {
          task.machine.step(run, actions[row * shape.horizon + step] ?? 0);
        }
        t.is(episodes.truncated[row] === 0, trace.ended || (!shape.ends && run.truncated !== true));
      });
    }),
    { numRuns: 200 },
  );
});

test("with mask: 'applicable' every call that is emitted applies, and what is heard is what the machine says", (t) => {
  let calls = 0;
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 2 ** 31 }), (shape, seed) => {
      const task = purse({ ...shape, mask: 'applicable' });
      const random = new Random(seed);
      const batch = task.sample(Int32Array.of(0, 1, 1), random);
      const size = task.vocabulary.length;
      const episodes = checkedBegin(task, batch);
      const programs: number[][] = [[], [], []];
      while (episodes.ended.includes(0)) {
        const actions = Int32Array.from(programs, (program, row) => {
          const run = task.machine.start(batch.problems[row] ?? { goal: 0, opens: 0 }, batch.stages[row] ?? 0);
          program.forEach((token) => {
            task.machine.step(run, token);
          });
          const allowed = Array.from({ length: size }, (_, token) => token).filter((token) => episodes.allowed?.[row * size + token] === 1);
          if (episodes.ended[row] === 0) {
            t.deepEqual(task.machine.allowed(run), allowed);
            const heard = [...episodes.heard].slice((row * episodes.heard.length) / 3, ((row + 1) * episodes.heard.length) / 3);
            t.deepEqual(
              task.machine.heard(run),
              heard.filter((id) => id < size).map((id) => task.vocabulary[id]),
            );
          }
          return allowed[random.int(allowed.length)] ?? 0;
        });
        programs.forEach((program, row) => {
          if (episodes.ended[row] === 0) {
            program.push(actions[row] ?? 0);
          }
        });
        episodes.step(actions);
      }
      programs.forEach((program, row) => {
        const problem = batch.problems[row] ?? { goal: 0, opens: 0 };
        const { steps } = task.trace(problem, batch.stages[row] ?? 0, program);
        const whole = steps.filter(({ tool, tokenCount }) => tokenCount === (tool === 'MOVE' ? 3 : 1));
        // Where nothing applies at the start, whatever is emitted there is refused.
        t.true(problem.opens === 0 || whole.every(({ applied }) => applied));
        calls += whole.length;
      });
    }),
    { numRuns: 100 },
  );
  t.true(calls > 200);
});

test('calls that are written are the calls that are read', (t) => {
  const task = purse({ mask: true, hears: false, ends: true, refuses: false, judged: false, horizon: 9, numbers: 4 });
  const call = fc.oneof(
    fc.constant('OPEN' as const),
    fc
      .record({ way: fc.constantFrom('in' as const, 'out' as const), coins: fc.integer({ min: 0, max: 3 }) })
      .map((args) => ['MOVE', args] as const),
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 3 }), (calls) => {
      const program = task.program(...(calls as 'OPEN'[]));
      const [decoded] = task.decode(task.encode([{ goal: 1, opens: 1 }], 0), program);
      t.deepEqual(decoded?.calls, calls as unknown as 'OPEN'[]);
    }),
    { numRuns: 50 },
  );
});
