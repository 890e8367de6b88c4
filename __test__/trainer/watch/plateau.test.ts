import test from 'ava';
import { type Plateau, PlateauWatch, STEPS_PLATEAU, TASK_PLATEAU } from '#dist/trainer/watch/plateau.js';
import { type Curve, HEALTHY, RARE_RULE } from './support/curves.js';

const TARGET = { successRate: 0.99 };

interface Point {
  readonly success: number;
  readonly meanReturn?: number;
  readonly entropy?: number;
  readonly greedy?: number;
  readonly varied?: boolean;
  readonly groups?: readonly (readonly [string, number, number])[];
  readonly count?: number;
}

/** What is raised, with its iteration, when a stage goes like this, a point an iteration. */
function raised(points: Iterable<Point>, { settings = TASK_PLATEAU, target = TARGET as object, highest = 0 } = {}) {
  const watch = new PlateauWatch(settings, target, 10, highest);
  const seen: (Plateau & { readonly at: number })[] = [];
  let at = 0;
  for (const { success, meanReturn = success, entropy = 1, greedy, varied = true, groups = [], count = 192 } of points) {
    at += 1;
    const named = groups.map(([group, problems, successRate]) => ({ group, problems, successRate }));
    const plateau = watch.iteration({ count, successRate: success, meanReturn, entropy, varied, groups: named });
    if (plateau !== undefined) {
      seen.push({ at, ...plateau });
    }
    if (greedy !== undefined) {
      watch.evaluation(512, { successRate: greedy, meanReturn });
    }
  }
  return { seen, standing: watch.standing };
}

function* recorded({ blocks, problems }: Curve): Iterable<Point> {
  for (const [success, meanReturn, entropy, greedy] of blocks) {
    for (let k = 1; k <= 25; k += 1) {
      yield { success, meanReturn, entropy, count: problems, ...(k === 25 && greedy >= 0 ? { greedy } : {}) };
    }
  }
}

const flat = (length: number, point: Point): Point[] => Array.from({ length }, () => point);

/** Success that was really sampled would scatter by about 1 %: by a fixed pattern. */
const scattered = (length: number, success: (k: number) => number): Point[] =>
  Array.from({ length }, (_, k) => ({ success: success(k) + 0.01 * Math.sin(12.9898 * k) }));

for (const curve of HEALTHY) {
  test(`nothing is said of a healthy run: ${curve.name}`, (t) => {
    t.deepEqual(raised(recorded(curve)).seen, []);
  });
}

for (const curve of RARE_RULE) {
  test(`that a rare rule is not learned is said after 400 iterations, once: ${curve.name}`, (t) => {
    const { seen } = raised(recorded(curve));
    t.deepEqual(
      seen.map(({ at, since, causes }) => [at, since <= 26, causes]),
      [[400, true, ['unknown']]],
    );
    t.true(Math.abs((seen[0]?.successRate ?? 0) - 0.963) < 0.01);
  });
}

test('what stands for half of its time is said, and since when', (t) => {
  // Rises for 1000 iterations, then stands at 0.6.
  const { seen } = raised(scattered(2600, (k) => 0.6 * Math.min(1, k / 1000)));
  t.is(seen.length, 1);
  t.true((seen[0]?.at ?? 0) >= 1600 && (seen[0]?.at ?? 0) <= 2100, `${seen[0]?.at}`);
  t.true(Math.abs((seen[0]?.since ?? 0) - 1000) <= 50, `${seen[0]?.since}`);
  t.true(Math.abs((seen[0]?.successRate ?? 0) - 0.6) < 0.02);
});

test('slow progress is progress, and a fall is none', (t) => {
  t.deepEqual(raised(scattered(2000, (k) => 0.2 + 0.0002 * k)).seen, []);
  t.is(raised(scattered(800, (k) => 0.9 - 0.001 * k)).seen.length, 1);
});

test('it is said again only after it has gone on meanwhile, and stood again', (t) => {
  const twice = [...scattered(600, () => 0.3), ...scattered(400, (k) => 0.3 + 0.001 * k), ...scattered(1400, () => 0.7)];
  const { seen, standing } = raised(twice);
  t.is(seen.length, 2);
  t.is(seen[0]?.at, 400);
  t.true((seen[1]?.at ?? 0) >= 1400);
  t.true(Math.abs((standing?.successRate ?? 0) - 0.7) < 0.02);
});

test('greedy success that rises is progress, whatever is sampled; a target that is reached is no plateau', (t) => {
  const sampled = (greedy: (k: number) => number): Point[] =>
    Array.from({ length: 800 }, (_, k) => ({ success: 0.8, ...(k % 25 === 24 ? { greedy: greedy(k) } : {}) }));
  t.deepEqual(raised(sampled((k) => 0.5 + k / 2000)).seen, []);
  t.deepEqual(raised(sampled(() => 0.995)).seen, []);
  t.is(raised(sampled(() => 0.95)).seen[0]?.successRate.toFixed(2), '0.95');
});

test('while nothing is found, returns that rise are progress', (t) => {
  t.deepEqual(raised(Array.from({ length: 600 }, (_, k) => ({ success: 0, meanReturn: 0.001 * k }))).seen, []);
  t.deepEqual(
    raised(flat(600, { success: 0, meanReturn: 0.2 })).seen.map(({ causes }) => causes),
    [['nothing-found']],
  );
});

test('groups that stand out are named, worst first; where all do alike none is', (t) => {
  const groups = [
    ['common', 4000, 0.99],
    ['rare', 150, 0],
    ['seldom', 300, 0.6],
  ] as const;
  const [plateau] = raised(flat(425, { success: 0.95, groups })).seen;
  t.deepEqual(plateau?.causes, ['groups']);
  t.deepEqual(
    plateau?.groups.map(({ group, problems, successRate }) => [group, problems, successRate.toFixed(2)]),
    [
      ['rare', 8 * 150, '0.00'],
      ['seldom', 8 * 300, '0.60'],
    ],
  );
  const alike = [
    ['a', 2000, 0.5],
    ['b', 2000, 0.52],
  ] as const;
  t.deepEqual(raised(flat(425, { success: 0.5, groups: alike })).seen[0]?.groups, []);
});

test('an entropy that has collapsed is named, by what it was in this run', (t) => {
  const collapsed = [...flat(50, { success: 0.2, entropy: 2 }), ...flat(400, { success: 0.5, entropy: 0.05 })];
  t.deepEqual(raised(collapsed).seen[0]?.causes, ['entropy-collapse']);
  t.deepEqual(raised(flat(450, { success: 0.5, entropy: 0.05 })).seen[0]?.causes, ['unknown'], 'it may always have been low');
  t.deepEqual(raised(flat(450, { success: 0.5, entropy: 0.05 }), { highest: 2 }).seen[0]?.causes, ['entropy-collapse']);
  t.deepEqual(raised(flat(450, { success: 0.5, entropy: 0.001 })).seen[0]?.causes, ['entropy-collapse']);
});

test('that nothing differs in what it earns is said after 100 iterations, and at a target it is well', (t) => {
  const { seen } = raised(flat(450, { success: 0, varied: false }));
  t.deepEqual(
    seen.map(({ at, causes }) => [at, causes]),
    [[100, ['no-variance']]],
  );
  t.deepEqual(raised(flat(450, { success: 1, varied: false })).seen, []);
});

test('in environments: success where they say it, else returns, and only where a return is asked for', (t) => {
  const settings = STEPS_PLATEAU;
  const episodes = (meanReturn: (k: number) => number): Point[] =>
    Array.from({ length: 400 }, (_, k) => ({ success: NaN, meanReturn: meanReturn(k) + 0.1 * Math.sin(12.9898 * k), count: 5 }));
  const options = { settings, target: { meanReturn: 10 } };
  t.is(
    raised(
      episodes(() => 3),
      options,
    ).seen[0]?.at,
    160,
  );
  t.deepEqual(
    raised(
      episodes((k) => k / 50),
      options,
    ).seen,
    [],
  );
  t.deepEqual(
    raised(
      episodes(() => 11),
      options,
    ).seen,
    [],
  );
  t.deepEqual(
    raised(
      episodes(() => 3),
      { settings, target: TARGET },
    ).seen,
    [],
    'who says no success cannot fall short of it',
  );
  t.is(raised(flat(200, { success: 0.5, count: 5 }), { settings, target: TARGET }).seen[0]?.at, 160);
  t.deepEqual(raised(flat(200, { success: NaN, meanReturn: NaN, count: 0 }), options).seen, [], 'no episode has ended');
});
