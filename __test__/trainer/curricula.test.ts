import test, { type ExecutionContext } from 'ava';
import { type Curriculum, type IterationEvent, Trainer, type TrainingEvent } from 'innate';
import { device } from '../support/device.js';
import { echoTask, QUICK } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { scriptedTask } from '../support/scripted-task.js';
import { digest } from '../support/weights.js';

const options = { ...QUICK, device, task: echoTask() };
const MIXED: Curriculum = { kind: 'mixed', mix: { two: 1, four: 3 }, iterations: 8 };
const AUTOMATIC: Curriculum = { kind: 'automatic', stages: ['two', 'four'], iterations: 30, window: 4 };
const FIXED: Curriculum = {
  kind: 'fixed',
  stages: [
    { stage: 0, iterations: 6 },
    { stage: 1, iterations: 7 },
  ],
};

const isIteration = (event: TrainingEvent): event is IterationEvent => event.type === 'iteration';

async function eventsOf(stages: Curriculum, more: object = {}): Promise<{ events: TrainingEvent[]; weights: string }> {
  await using trainer = await Trainer.create({ ...options, ...more });
  const events: TrainingEvent[] = [];
  for await (const event of trainer.run(stages)) {
    events.push(event);
  }
  return { events, weights: await digest(trainer.agent) };
}

test('stages in order are trained as their list is, to the bit', async (t) => {
  await using trainer = await Trainer.create(options);
  await trainer.run(FIXED.stages);
  t.is((await eventsOf(FIXED)).weights, await digest(trainer.agent));
});

test('a mixture has all stages in every batch, begins and ends each, and says how each did', async (t) => {
  const { events } = await eventsOf(MIXED);
  t.deepEqual(
    events.filter(({ type }) => type !== 'iteration').map(({ type, stage }) => `${type} ${stage}`),
    ['stage 0', 'stage 1', 'stage-end 0', 'stage-end 1', 'evaluation 0', 'evaluation 1'],
  );
  const iterations = events.filter(isIteration);
  t.is(iterations.length, 8);
  for (const { stage, rollout, mixture = [] } of iterations) {
    t.is(stage, 1, 'most problems are of it');
    t.is(rollout.problems, 64);
    t.deepEqual(
      mixture.map(({ name, share, problems }) => [name, share, problems]),
      [
        ['two', 0.25, 16],
        ['four', 0.75, 48],
      ],
    );
    const right = mixture.reduce((sum, { problems, successRate }) => sum + problems * successRate, 0);
    t.true(Math.abs(right / 64 - rollout.successRate) < 1e-9);
  }
});

test('with a target a mixture ends when all stages have reached it, measured twice', async (t) => {
  const { events } = await eventsOf({ ...AUTOMATIC, iterations: 500, until: { successRate: 0.9 } });
  const evaluated = events.flatMap((event) => (event.type === 'evaluation' ? [`${event.purpose} ${event.stage} ${event.index}`] : []));
  t.deepEqual(evaluated.slice(-6), ['progress 0 0', 'progress 1 1', 'confirmation 0 0', 'confirmation 1 1', 'final 0 0', 'final 1 1']);
  const ends = events.flatMap((event) => (event.type === 'stage-end' ? [event.reason] : []));
  t.deepEqual(ends, ['reached', 'reached']);
  t.true(events.filter(isIteration).length < 500);
});

test('an automatic curriculum goes to where success changes', async (t) => {
  // One stage is always solved, one never, and one gets better.
  let batches = 0;
  const drawn: number[][] = [];
  const task = scriptedTask({
    stages: ['solved', 'moving', 'hopeless'],
    onSample: (stages) => {
      drawn.push([0, 1, 2].map((stage) => stages.filter((each) => each === stage).length));
      batches += 1;
    },
    successRate: (stage) => [1, batches / 40, 0][stage] ?? 0,
  });
  await using trainer = await Trainer.create({ task, device, hiddenSize: 8, batchSize: 60, evaluateEvery: 1000, progress: false });
  await trainer.run({ kind: 'automatic', stages: [0, 1, 2], iterations: 30, window: 5, epsilon: 0.3 });
  t.deepEqual(drawn.slice(0, 10), new Array(10).fill([20, 20, 20]), 'two windows');
  t.deepEqual(drawn.slice(10, 30), new Array(20).fill([6, 48, 6]));
});

/** Trains in two runs, the second from what was saved of the first as JSON after an iteration, and compares with one run. */
async function resumes(t: ExecutionContext, stages: Curriculum, at: number): Promise<void> {
  const whole = await eventsOf(stages);
  await using trainer = await Trainer.create(options);
  t.is(trainer.curriculum, undefined);
  let saved = '';
  let seen = 0;
  for await (const event of trainer.run(stages)) {
    seen += Number(event.type === 'iteration');
    if (event.type === 'iteration' && seen === at) {
      saved = JSON.stringify(trainer.curriculum);
      break;
    }
  }
  t.is(JSON.stringify(trainer.curriculum), saved, 'what was drawn ahead is not in it');
  const later: TrainingEvent[] = [];
  for await (const event of trainer.run(stages, { resume: JSON.parse(saved) })) {
    later.push(event);
  }
  t.is(await digest(trainer.agent), whole.weights);
  const rest = whole.events.filter(isIteration).slice(at);
  t.deepEqual(
    later.filter(isIteration).map(({ stage, stageIteration, rollout, mixture }) => [stage, stageIteration, rollout, mixture]),
    rest.map(({ stage, stageIteration, rollout, mixture }) => [stage, stageIteration, rollout, mixture]),
  );
}

for (const [name, stages, at] of [
  ['an automatic curriculum, in a window', AUTOMATIC, 14],
  ['an automatic curriculum, where a window ends', AUTOMATIC, 12],
  ['a mixture', MIXED, 3],
  ['stages in order', FIXED, 4],
  ['stages in order, where one ends', FIXED, 6],
  ['stages in order, in the second', FIXED, 9],
] as const) {
  test(`resumed: ${name}`, (t) => resumes(t, stages, at));
}

test('a finished run is resumed with nothing to do', async (t) => {
  await using trainer = await Trainer.create(options);
  for (const stages of [MIXED, FIXED]) {
    await trainer.run(stages);
    const before = await digest(trainer.agent);
    const { iterations } = await trainer.run(stages, { resume: trainer.curriculum });
    t.is(iterations, 0);
    t.is(await digest(trainer.agent), before);
  }
});

test('what is wrong is said before training', async (t) => {
  await using trainer = await Trainer.create(options);
  const run = (stages: unknown, resume?: unknown) => () => trainer.run(stages as Curriculum, { resume } as object);
  await fails(t, run({ kind: 'automatic', stages: [0, 1] }), { code: 'ERR_OPTIONS', path: 'curriculum.iterations' });
  await fails(t, run(MIXED, { version: 1 }), { code: 'ERR_OPTIONS', path: 'resume.entry' });
  await fails(t, () => Trainer.run({ kind: 'none' } as unknown as Curriculum, options), { code: 'ERR_OPTIONS', path: 'curriculum.kind' });
});
