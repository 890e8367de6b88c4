import test from 'ava';
import { assertTask, checkedSample, checkedScore } from '#dist/task/checked.js';
import { Random } from '#dist/util/random.js';
import { builtIn } from './support/built-in.js';

for (const { title, task, low, high, pastEnd, ...shown } of builtIn) {
  const mixed = Int32Array.from({ length: 60 }, (_, index) => index % task.stages.length);
  const programs = (random: Random, size: number): Int32Array =>
    Int32Array.from({ length: size * task.horizon }, () => random.int(task.vocabulary.length));

  test(`${title}: is well-formed`, (t) => {
    assertTask(task);
    t.is(new Set(task.vocabulary).size, task.vocabulary.length);
    t.is(new Set(task.stages).size, task.stages.length);
    t.deepEqual(
      task.tools.map((tool) => task.vocabulary[task.token(tool)]),
      task.tools.map((tool) => `[${tool}]`),
    );
  });

  test(`${title}: the same seed draws the same problems, another seed does not`, (t) => {
    const draw = (seed: number) => checkedSample(task, mixed, new Random(seed));
    t.deepEqual(draw(7), draw(7));
    t.notDeepEqual(draw(7).contexts, draw(8).contexts);
  });

  test(`${title}: shapes, tokens and returns are in range, in every stage and mixed`, (t) => {
    const random = new Random(3);
    for (const stages of [mixed, ...task.stages.map((_, stage) => new Int32Array(40).fill(stage)), new Int32Array(0)]) {
      const batch = checkedSample(task, stages, random);
      t.is(batch.size, stages.length);
      const scores = { returns: new Float32Array(batch.size), successes: new Uint8Array(batch.size) };
      const actions = programs(random, batch.size);
      checkedScore(task, batch, actions, scores);
      t.true(scores.returns.every((reward) => reward >= low - 1e-6 && reward <= high + 1e-6));
      const again = { returns: new Float32Array(batch.size), successes: new Uint8Array(batch.size) };
      checkedScore(task, batch, actions, again);
      t.deepEqual(again, scores, 'scoring changes neither problems nor actions');
    }
  });

  test(`${title}: scoring one by one equals scoring together, and the trace agrees`, (t) => {
    const random = new Random(4);
    const batch = task.sample(mixed, random);
    const actions = Int32Array.from({ length: batch.size * task.horizon }, () =>
      task.token(task.tools[random.int(task.tools.length)] ?? ''),
    );
    const lengths = new Int32Array(batch.size);
    const scores = { returns: new Float32Array(batch.size), successes: new Uint8Array(batch.size), lengths };
    task.score(batch, actions, scores);
    batch.problems.forEach((problem, index) => {
      const program = actions.subarray(index * task.horizon, (index + 1) * task.horizon);
      const trace = task.trace(problem, batch.stages[index] ?? 0, program);
      t.is(scores.returns[index], Math.fround(trace.episodeReturn));
      t.is(scores.successes[index], trace.success ? 1 : 0);
      const tokens = trace.steps.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0);
      t.is(lengths[index], pastEnd ? task.horizon : tokens);
      const one = task.encode([problem], batch.stages[index] ?? 0);
      const alone = { returns: new Float32Array(1), successes: new Uint8Array(1) };
      task.score(one, Int32Array.from(program), alone);
      t.is(alone.returns[0], scores.returns[index]);
    });
  });

  test(`${title}: problems can be described`, (t) => {
    const batch = task.sample(mixed, new Random(5));
    for (let index = 0; index < batch.size; index += 1) {
      const { context, target } = task.describe(batch, index);
      t.regex(context, shown.context);
      t.regex(target, shown.target);
    }
    t.throws(() => task.describe(batch, batch.size), { code: 'ERR_TASK' });
  });

  test(`${title}: batches and states are plain data, forks are independent`, (t) => {
    const batch = task.sample(mixed, new Random(6));
    t.deepEqual(structuredClone(batch), batch);
    const run = task.machine.start(batch.problems[0], 0);
    t.deepEqual(structuredClone(run.state), run.state);
    const key = task.machine.key(run);
    const fork = task.machine.fork(run);
    t.is(task.machine.key(fork), key);
    task.machine.step(fork, task.machine.tools[0]?.token ?? 0);
    t.not(task.machine.key(fork), key);
    t.is(task.machine.key(run), key);
  });
}
