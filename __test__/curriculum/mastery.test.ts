import test, { type ExecutionContext } from 'ava';
import { type EvaluationEvent, Trainer, type TrainingEvent } from 'innate';
import { scriptedTask } from '../support/scripted-task.js';

const OPTIONS = { batchSize: 10, hiddenSize: 8, evaluateEvery: 2, evaluationProblems: 20, maxIterations: 20, progress: false } as const;

/** Runs stages 0 and 1; how many of a sample are right depends on the stage, the sample's size and the evaluations of stage 0 so far. */
async function run(t: ExecutionContext, rate: (stage: number, size: number, before: readonly EvaluationEvent[]) => number) {
  const evaluations: EvaluationEvent[] = [];
  const ends: Extract<TrainingEvent, { type: 'stage-end' }>[] = [];
  const task = scriptedTask({ stages: ['first', 'second'], successRate: (stage, size) => rate(stage, size, evaluations) });
  await using trainer = await Trainer.create({ ...OPTIONS, task });
  for await (const event of trainer.run([0, 1])) {
    if (event.type === 'evaluation') {
      evaluations.push(event);
    } else if (event.type === 'stage-end') {
      ends.push(event);
    }
  }
  t.is(ends.length, 2);
  return {
    ends: ends.map(({ reason, stageIteration }) => [reason, stageIteration]),
    evaluations: evaluations.map((event) => [event.index, event.stage, event.purpose, event.eval.problems, event.eval.successRate]),
  };
}

const FINAL = [
  [0, 0, 'final', 1000, 1],
  [1, 1, 'final', 1000, 1],
];

test('a stage that was mastered earlier must still be, on the first sample and on the confirming one', async (t) => {
  // The second stage is right at once. The first is forgotten when it begins, and comes back measurement by measurement.
  const first = [0.5, 0.95];
  const confirming = [0.98];
  const { ends, evaluations } = await run(t, (stage, size, before) => {
    const begun = before.some(({ index }) => index === 1);
    if (stage !== 0 || !begun || size === OPTIONS.batchSize) {
      return 1;
    }
    return (size === 20 ? first : confirming).shift() ?? 1;
  });
  t.deepEqual(ends, [
    ['reached', 2],
    ['reached', 8],
  ]);
  t.deepEqual(evaluations, [
    [0, 0, 'progress', 20, 1],
    [0, 0, 'confirmation', 1000, 1],
    [1, 1, 'progress', 20, 1],
    [1, 0, 'progress', 20, 0.5],
    [1, 1, 'progress', 20, 1],
    [1, 0, 'progress', 20, 0.95],
    [1, 1, 'progress', 20, 1],
    [1, 0, 'progress', 20, 1],
    [1, 1, 'confirmation', 1000, 1],
    [1, 0, 'confirmation', 1000, 0.98],
    [1, 1, 'progress', 20, 1],
    [1, 0, 'progress', 20, 1],
    [1, 1, 'confirmation', 1000, 1],
    [1, 0, 'confirmation', 1000, 1],
    ...FINAL,
  ]);
});

test('a lucky first sample does not end a stage: a second, larger one has to confirm it', async (t) => {
  const confirmations = [0.5, 0.989];
  const { ends, evaluations } = await run(t, (stage, size) => (stage === 0 && size === 1000 ? (confirmations.shift() ?? 1) : 1));
  t.deepEqual(ends, [
    ['reached', 6],
    ['reached', 2],
  ]);
  t.deepEqual(evaluations.slice(0, 6), [
    [0, 0, 'progress', 20, 1],
    [0, 0, 'confirmation', 1000, 0.5],
    [0, 0, 'progress', 20, 1],
    [0, 0, 'confirmation', 1000, 0.989],
    [0, 0, 'progress', 20, 1],
    [0, 0, 'confirmation', 1000, 1],
  ]);
});

test('the confirming sample is never smaller than the first', async (t) => {
  const purposes: [string, number][] = [];
  const task = scriptedTask({ stages: ['only'], successRate: () => 1 });
  await using trainer = await Trainer.create({ ...OPTIONS, task, evaluationProblems: 1500 });
  for await (const event of trainer.run([0])) {
    if (event.type === 'evaluation') {
      purposes.push([event.purpose, event.eval.problems]);
    }
  }
  t.deepEqual(purposes, [
    ['progress', 1500],
    ['confirmation', 1500],
    ['final', 1000],
  ]);
});

test('a stage below mastery uses up its budget; the one after it does not ask for it', async (t) => {
  const { ends } = await run(t, (stage) => (stage === 0 ? 0.9 : 1));
  t.deepEqual(ends, [
    ['budget', 20],
    ['reached', 2],
  ]);
});
