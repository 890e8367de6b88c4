import test from 'ava';
import type { LoopContext } from '#dist/trainer/loop/training-loop.js';
import { BATCH, brief, EVALUATION, setUp } from '../support/loop.js';
import { type Asked, type Earned, STATS } from '../support/scripted.js';

test.serial('an iteration in full: numbers of the current stage alone, and of the update', async (t) => {
  const { now } = performance;
  let clock = 1000;
  performance.now = () => clock;
  t.teardown(() => {
    performance.now = now;
  });
  let took = 0;
  const note = (call: string): void => {
    if (call === 'act') {
      took += 10;
      clock += took;
    }
  };
  const earn = ({ size, index }: Asked): Earned =>
    size === BATCH
      ? { reward: index + 1, success: index === 0, ...(index === 0 ? { length: 1 } : {}) }
      : { reward: 0.25, success: index % 2 === 0 };
  const stages = [
    { stage: 'a', iterations: 2 },
    { stage: 1, iterations: 1 },
  ];
  const { loop, events, log, agent } = setUp(stages, { note, earn, evaluateEvery: 10 });
  const result = await loop.run();
  const first = { index: 0, stage: 0, name: 'a' };
  const second = { index: 1, stage: 1, name: 'b' };
  const final = { purpose: 'final', eval: { problems: 1000, successRate: 0.5, episodeReturnMean: 0.25 }, time: { iterations: 3 } } as const;
  t.deepEqual(events, [
    { type: 'stage', iteration: 0, ...first, stageCount: 2, maxIterations: 2 },
    {
      type: 'iteration',
      iteration: 1,
      ...first,
      stageIteration: 1,
      rollout: { problems: 4, successRate: 0.25, episodeReturnMean: 2.5, episodeLengthMean: 1.75 },
      train: STATS,
      time: { iterations: 1, episodes: 4, episodesPerSecond: 400, seconds: 0.01 },
      curriculum: { stage: 0 },
    },
    {
      type: 'iteration',
      iteration: 2,
      ...first,
      stageIteration: 2,
      rollout: { problems: 4, successRate: 0.25, episodeReturnMean: 2.5, episodeLengthMean: 1.75 },
      train: STATS,
      time: { iterations: 2, episodes: 8, episodesPerSecond: 4000 / 11, seconds: 0.03 },
      curriculum: { stage: 0 },
    },
    { type: 'stage-end', iteration: 2, ...first, stageIteration: 2, reason: 'iterations' },
    { type: 'stage', iteration: 2, ...second, stageCount: 2, maxIterations: 1 },
    {
      type: 'iteration',
      iteration: 3,
      ...second,
      stageIteration: 1,
      rollout: { problems: 2, successRate: 0.5, episodeReturnMean: 1.5, episodeLengthMean: 1.5 },
      train: STATS,
      time: { iterations: 3, episodes: 12, episodesPerSecond: 4000 / (0.9 * 11 + 0.1 * 30), seconds: 0.06 },
      curriculum: { stage: 1 },
    },
    { type: 'stage-end', iteration: 3, ...second, stageIteration: 1, reason: 'iterations' },
    { type: 'evaluation', iteration: 3, ...first, ...final, curriculum: { stage: 0 } },
    { type: 'evaluation', iteration: 3, ...second, ...final, curriculum: { stage: 1 } },
  ]);
  const ended = { successRate: 0.5, meanReturn: 0.25, mastered: false };
  t.deepEqual(result, {
    stages: [
      { stage: 0, name: 'a', ...ended, iterations: 2 },
      { stage: 1, name: 'b', ...ended, iterations: 1 },
    ],
    iterations: 3,
    episodes: 12,
    seconds: 0.15,
    stopped: false,
    agent,
  });
  t.deepEqual(log.updates[2], {
    stages: [1, 1, 0, 0],
    actions: [0, 1, 0, 1, 0, 1, 0, 1],
    returns: [1, 2, 3, 4],
    lengths: [1, 2, 2, 2],
    rest: {},
  });
  t.deepEqual(
    log.acts.slice(0, 4).map(({ stages: of, deterministic }) => [of.length, deterministic]),
    [
      [4, false],
      [4, false],
      [4, false],
      [1000, true],
    ],
  );
});

test('coefficients reach every update', async (t) => {
  const update = { learningRate: 0.5 } as LoopContext['update'];
  const { loop, log } = setUp([{ stage: 0, iterations: 2 }], { update });
  await loop.run();
  t.deepEqual(
    log.updates.map(({ rest }) => rest),
    [update, update],
  );
});

test('the next batch is drawn while the update runs, but not before an evaluation that may end the stage', async (t) => {
  const calls: string[] = [];
  const note = (call: string): void => void calls.push(call);
  const { loop } = setUp(
    [
      { stage: 0, iterations: 3 },
      { stage: 1, maxIterations: 3 },
    ],
    { note },
  );
  await loop.run();
  const iteration = ['act', 'score', 'update', 'updated'];
  const ahead = ['act', 'score', 'update', 'sample', 'updated'];
  const measured = ['sample', 'act', 'score'];
  t.deepEqual(calls, [
    ...['sample', ...ahead],
    ...ahead,
    ...measured,
    ...iteration,
    ...['sample', ...ahead],
    ...iteration,
    ...measured,
    ...['sample', ...iteration],
    ...measured,
    ...measured,
    ...measured,
  ]);
});

test('stages end when they are reached, or with their budget, and fixed ones with their iterations', async (t) => {
  let measured = 0;
  const earn = ({ size, stage }: Asked): Earned => {
    measured += size === BATCH ? 0 : 1 / size;
    return { reward: 0, success: size !== BATCH && stage === 1 };
  };
  const { loop, events } = setUp(
    [
      { stage: 0, iterations: 3 },
      { stage: 1, until: { successRate: 1 } },
      { stage: 2, maxIterations: 3 },
    ],
    { earn },
  );
  const { stages, iterations } = await loop.run();
  t.deepEqual(brief(events), [
    'stage 0 at 0',
    'iteration 1, 1 in 0',
    'iteration 2, 2 in 0',
    'progress of 0 in 0: 6',
    'iteration 3, 3 in 0',
    'end of 0 after 3: iterations',
    'stage 1 at 3',
    'iteration 4, 1 in 1',
    'iteration 5, 2 in 1',
    'progress of 1 in 1: 6',
    'confirmation of 1 in 1: 1000',
    'end of 1 after 2: reached',
    'stage 2 at 5',
    'iteration 6, 1 in 2',
    'iteration 7, 2 in 2',
    'progress of 2 in 2: 6',
    'iteration 8, 3 in 2',
    'progress of 2 in 2: 6',
    'end of 2 after 3: budget',
    'final of 0 in 0: 1000',
    'final of 1 in 1: 1000',
    'final of 2 in 2: 1000',
  ]);
  t.is(iterations, 8);
  t.is(Math.round(measured), 8);
  t.deepEqual(
    stages.map((stage) => [stage.iterations, stage.mastered, stage.successRate]),
    [
      [3, false, 0],
      [2, true, 1],
      [3, false, 0],
    ],
  );
});

test('fixed iterations are not measured at their end unless it is time', async (t) => {
  const { loop, events } = setUp(
    [
      { stage: 0, iterations: 3 },
      { stage: 1, iterations: 2 },
    ],
    { evaluateEvery: 3 },
  );
  await loop.run();
  t.deepEqual(
    events.filter(({ type }) => type === 'evaluation').map((event) => event.type === 'evaluation' && [event.purpose, event.iteration]),
    [
      ['progress', 3],
      ['final', 5],
      ['final', 5],
    ],
  );
});

test('a stage that is reached within its fixed iterations goes on', async (t) => {
  const { loop, events } = setUp([{ stage: 0, iterations: 4 }], { earn: () => ({ reward: 1, success: true }) });
  const { stages } = await loop.run();
  t.is(stages[0]?.iterations, 4);
  t.true(stages[0]?.mastered);
  t.false(brief(events).some((line) => line.startsWith('confirmation')));
});

test('mastery: earlier stages that were mastered are measured too, before and in the confirmation, and hold the stage back', async (t) => {
  let forgotten = 0;
  // Stage 0 is mastered at first, and forgotten in the first measurements of stage 1.
  const earn = ({ size, stage, index }: Asked): Earned => {
    forgotten += size === EVALUATION && stage === 1 && index === 0 ? 1 : 0;
    return { reward: 0, success: stage !== 0 || forgotten === 0 || forgotten > 2 };
  };
  const { loop, events } = setUp([0, 1], { earn, maxIterations: 8 });
  await loop.run();
  t.deepEqual(
    brief(events).filter((line) => !line.startsWith('iteration')),
    [
      'stage 0 at 0',
      'progress of 0 in 0: 6',
      'confirmation of 0 in 0: 1000',
      'end of 0 after 2: reached',
      'stage 1 at 2',
      'progress of 1 in 1: 6',
      'progress of 0 in 1: 6',
      'progress of 1 in 1: 6',
      'progress of 0 in 1: 6',
      'progress of 1 in 1: 6',
      'progress of 0 in 1: 6',
      'confirmation of 1 in 1: 1000',
      'confirmation of 0 in 1: 1000',
      'end of 1 after 6: reached',
      'final of 0 in 0: 1000',
      'final of 1 in 1: 1000',
    ],
  );
  const other = events.find((event) => event.type === 'evaluation' && event.index === 1 && event.stage === 0);
  t.like(other, { name: 'a', iteration: 4, eval: { successRate: 0 } });
});

test('an earlier stage that was not mastered is not asked for', async (t) => {
  const earn = ({ stage }: Asked): Earned => ({ reward: 0, success: stage === 1 });
  const { loop, events } = setUp([{ stage: 0, maxIterations: 2 }, 1], { earn });
  const { stages } = await loop.run();
  t.deepEqual(
    stages.map(({ mastered }) => mastered),
    [false, true],
  );
  t.deepEqual(
    events.flatMap((event) => (event.type === 'evaluation' && event.index === 1 ? [`${event.purpose} ${event.stage}`] : [])),
    ['progress 1', 'confirmation 1', 'final 1'],
  );
});

test('a confirmation that fails keeps the stage', async (t) => {
  let confirmations = 0;
  const earn = ({ size, index }: Asked): Earned => {
    confirmations += size === 1000 && index === 0 ? 1 : 0;
    return { reward: 0, success: size !== 1000 || confirmations > 1 };
  };
  const { loop, events } = setUp([0], { earn });
  t.is((await loop.run()).stages[0]?.iterations, 4);
  t.is(brief(events).filter((line) => line.startsWith('confirmation')).length, 2);
});

test('the confirmation takes as many problems as an evaluation where those are more', async (t) => {
  const { loop, events } = setUp([0], { earn: () => ({ reward: 0, success: true }), evaluationProblems: 1200 });
  await loop.run();
  t.deepEqual(
    events.flatMap((event) => (event.type === 'evaluation' ? [event.eval.problems] : [])),
    [1200, 1200, 1000],
  );
});

test('a stage that occurs twice is measured once at the end', async (t) => {
  const { loop, events } = setUp([
    { stage: 0, iterations: 1 },
    { stage: 1, iterations: 1 },
    { stage: 0, iterations: 1 },
  ]);
  const { stages } = await loop.run();
  t.deepEqual(
    brief(events).filter((line) => line.startsWith('final')),
    ['final of 0 in 0: 1000', 'final of 1 in 1: 1000'],
  );
  t.deepEqual(
    stages.map(({ stage, iterations }) => [stage, iterations]),
    [
      [0, 1],
      [1, 1],
      [0, 1],
    ],
  );
});
