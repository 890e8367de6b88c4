import { getEventListeners } from 'node:events';
import test from 'ava';
import type { StageSpec, TrainingEvent } from 'innate';
import { planStages } from '#dist/curriculum/stage-spec.js';
import { EventPipe } from '#dist/trainer/event-pipe.js';
import { type LoopContext, TrainingLoop } from '#dist/trainer/training-loop.js';
import { Random } from '#dist/util/random.js';
import { type Asked, type Earned, STATS, scriptedAgent, scriptedTask } from './support/scripted.js';

interface Options extends Partial<Omit<LoopContext, 'plan' | 'task' | 'agent'>> {
  readonly earn?: (asked: Asked) => Earned;
  readonly note?: (call: string) => void;
  readonly maxIterations?: number;
}

const BATCH = 4;
const EVALUATION = 6;

/** By default nothing is right and everything earns nothing. */
function setUp(
  stages: readonly StageSpec[],
  { earn = () => ({ reward: 0, success: false }), note, maxIterations = 5, ...rest }: Options = {},
) {
  const task = scriptedTask({ earn, ...(note === undefined ? {} : { note }) });
  const { agent, log } = scriptedAgent(note);
  const events: TrainingEvent[] = [];
  const context: LoopContext = {
    task,
    agent,
    update: undefined,
    plan: planStages(stages, { stageNames: task.stages, taskName: task.name, maxIterations }, []),
    batchSize: BATCH,
    rehearsal: 0.5,
    evaluateEvery: 2,
    evaluationProblems: EVALUATION,
    problemRandom: new Random(1, 1),
    evaluationRandom: new Random(1, 2),
    signals: [],
    pipe: new EventPipe(),
    onEvent: (event) => void events.push(event),
    ...rest,
  };
  return { loop: new TrainingLoop(context), context, events, log, agent };
}

/** Events in short. */
const brief = (events: readonly TrainingEvent[]): string[] =>
  events.map((event) => {
    switch (event.type) {
      case 'stage':
        return `stage ${event.stage} at ${event.iteration}`;
      case 'iteration':
        return `iteration ${event.iteration}, ${event.stageIteration} in ${event.stage}`;
      case 'evaluation':
        return `${event.purpose} of ${event.stage} in ${event.index}: ${event.problems}`;
      case 'stage-end':
        return `end of ${event.stage} after ${event.stageIteration}: ${event.reason}`;
    }
  });

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
    size === BATCH ? { reward: index + 1, success: index === 0, ...(index === 0 ? { length: 1 } : {}) } : { reward: 0.25, success: index % 2 === 0 };
  const stages = [
    { stage: 'a', iterations: 2 },
    { stage: 1, iterations: 1 },
  ];
  const { loop, events, log, agent } = setUp(stages, { note, earn, evaluateEvery: 10 });
  const result = await loop.run();
  const first = { index: 0, stage: 0, name: 'a' };
  const second = { index: 1, stage: 1, name: 'b' };
  t.deepEqual(events, [
    { type: 'stage', iteration: 0, ...first, stageCount: 2, maxIterations: 2 },
    {
      type: 'iteration',
      iteration: 1,
      ...first,
      stageIteration: 1,
      meanLength: 1.75,
      problems: 4,
      successRate: 0.25,
      meanReturn: 2.5,
      ...STATS,
      episodes: 4,
      episodesPerSecond: 400,
      seconds: 0.01,
    },
    {
      type: 'iteration',
      iteration: 2,
      ...first,
      stageIteration: 2,
      meanLength: 1.75,
      problems: 4,
      successRate: 0.25,
      meanReturn: 2.5,
      ...STATS,
      episodes: 8,
      episodesPerSecond: 4000 / 11,
      seconds: 0.03,
    },
    { type: 'stage-end', iteration: 2, ...first, stageIteration: 2, reason: 'iterations' },
    { type: 'stage', iteration: 2, ...second, stageCount: 2, maxIterations: 1 },
    {
      type: 'iteration',
      iteration: 3,
      ...second,
      stageIteration: 1,
      meanLength: 1.5,
      problems: 2,
      successRate: 0.5,
      meanReturn: 1.5,
      ...STATS,
      episodes: 12,
      episodesPerSecond: 4000 / (0.9 * 11 + 0.1 * 30),
      seconds: 0.06,
    },
    { type: 'stage-end', iteration: 3, ...second, stageIteration: 1, reason: 'iterations' },
    { type: 'evaluation', iteration: 3, ...first, purpose: 'final', problems: 1000, successRate: 0.5, meanReturn: 0.25 },
    { type: 'evaluation', iteration: 3, ...second, purpose: 'final', problems: 1000, successRate: 0.5, meanReturn: 0.25 },
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
  t.deepEqual(log.updates[2], { stages: [1, 1, 0, 0], actions: [0, 1, 0, 1, 0, 1, 0, 1], returns: [1, 2, 3, 4], lengths: [1, 2, 2, 2], rest: {} });
  t.deepEqual(
    log.acts.slice(0, 4).map(({ stages: of, deterministic }) => [of.length, deterministic]),
    [
      [4, undefined],
      [4, undefined],
      [4, undefined],
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
  t.like(other, { name: 'a', iteration: 4, successRate: 0 });
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
    events.flatMap((event) => (event.type === 'evaluation' ? [event.problems] : [])),
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

/** The stream after some batches were drawn. */
function afterBatches(count: number): readonly number[] {
  const random = new Random(1, 1);
  for (let i = 0; i < count * BATCH; i += 1) {
    random.int(2);
  }
  return random.getState();
}

test('a stop ends the run after the iteration, with what was measured, and draws no problem in vain', async (t) => {
  const pipe = new EventPipe();
  const events: TrainingEvent[] = [];
  const { loop, context } = setUp([{ stage: 0, iterations: 10 }, 1], {
    pipe,
    evaluateEvery: 5,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'iteration' && event.iteration === 3) {
        pipe.stop();
      }
    },
  });
  const result = await loop.run();
  t.like(result, { iterations: 3, episodes: 12, stopped: true });
  t.deepEqual(
    result.stages.map(({ iterations, mastered }) => [iterations, mastered]),
    [
      [3, false],
      [0, false],
    ],
  );
  t.deepEqual(brief(events), [
    'stage 0 at 0',
    'iteration 1, 1 in 0',
    'iteration 2, 2 in 0',
    'iteration 3, 3 in 0',
    'final of 0 in 0: 1000',
    'final of 1 in 1: 1000',
  ]);
  t.deepEqual(context.problemRandom.getState(), afterBatches(3));
});

test('a stop in an evaluation keeps it from going on, and the stage from being reached', async (t) => {
  for (const [at, expected] of [
    ['progress', ['progress 0']],
    ['confirmation', ['progress 0', 'confirmation 0']],
  ] as const) {
    const pipe = new EventPipe();
    const seen: string[] = [];
    const { loop } = setUp([{ stage: 0, until: { successRate: 0.5 } }, 1], {
      pipe,
      earn: () => ({ reward: 0, success: true }),
      onEvent: (event) => {
        if (event.type === 'evaluation' && event.purpose !== 'final') {
          seen.push(`${event.purpose} ${event.stage}`);
          if (event.purpose === at) {
            pipe.stop();
          }
        }
      },
    });
    const { iterations, stages } = await loop.run();
    t.deepEqual([seen, iterations], [[...expected], 2]);
    t.is(stages[1]?.iterations, 0);
  }
});

test('an abort rejects with its reason before the next iteration, and leaves no listener', async (t) => {
  const controller = new AbortController();
  const quiet = new AbortController();
  const seen: number[] = [];
  const { loop, context, agent } = setUp([{ stage: 0, iterations: 10 }], {
    signals: [quiet.signal, controller.signal],
    onEvent: (event) => {
      if (event.type === 'iteration') {
        t.is(getEventListeners(controller.signal, 'abort').length, 1);
        seen.push(event.iteration);
        if (event.iteration === 3) {
          controller.abort('enough');
        }
      }
    },
  });
  const error = await t.throwsAsync(loop.run(), { code: 'ERR_ABORTED' });
  t.is(error.cause, 'enough');
  t.deepEqual(seen, [1, 2, 3]);
  t.is(getEventListeners(controller.signal, 'abort').length + getEventListeners(quiet.signal, 'abort').length, 0);
  t.deepEqual(context.problemRandom.getState(), afterBatches(3));
  const { seconds, ...partial } = loop.partial();
  t.true(seconds > 0);
  t.deepEqual(partial, {
    stages: [{ stage: 0, name: 'a', successRate: 0, meanReturn: 0, iterations: 3, mastered: false }],
    iterations: 3,
    episodes: 12,
    stopped: false,
    agent,
  });
});

test('an abort between final measurements is noticed', async (t) => {
  for (const stop of [1, 2]) {
    const controller = new AbortController();
    let finals = 0;
    const { loop } = setUp(
      [
        { stage: 0, iterations: 1 },
        { stage: 1, iterations: 1 },
      ],
      {
        signals: [controller.signal],
        onEvent: (event) => {
          finals += event.type === 'evaluation' ? 1 : 0;
          if (finals === stop) {
            controller.abort();
          }
        },
      },
    );
    await t.throwsAsync(loop.run(), { code: 'ERR_ABORTED' });
    t.is(finals, stop);
  }
});

test('an abort at the end of the last stage is noticed before the final measurements', async (t) => {
  const controller = new AbortController();
  const { loop, events } = setUp([{ stage: 0, iterations: 1 }], { signals: [controller.signal] });
  const seen: string[] = [];
  const onEvent = (event: TrainingEvent): void => {
    seen.push(event.type);
    if (event.type === 'stage-end') {
      controller.abort();
    }
  };
  const { loop: aborted } = setUp([{ stage: 0, iterations: 1 }], { signals: [controller.signal], onEvent });
  await loop.run();
  await t.throwsAsync(aborted.run(), { code: 'ERR_ABORTED' });
  t.is(events.at(-1)?.type, 'evaluation');
  t.deepEqual(seen, ['stage', 'iteration', 'stage-end']);
});

test('what sampling ahead throws is thrown in its own iteration: the one under way is kept', async (t) => {
  let samples = 0;
  const note = (call: string): void => {
    samples += call === 'sample' ? 1 : 0;
    if (samples === 3) {
      throw new RangeError('empty');
    }
  };
  const seen: string[] = [];
  const { loop } = setUp([{ stage: 0, iterations: 9 }], {
    note: (call) => (call === 'sample' ? note(call) : undefined),
    onEvent: (event) => void seen.push(event.type),
    evaluateEvery: 100,
  });
  await t.throwsAsync(loop.run(), { code: 'ERR_TASK' });
  t.deepEqual(seen, ['stage', 'iteration', 'iteration']);
  t.is(loop.partial().iterations, 2);
  t.is(loop.partial().stages[0]?.successRate, undefined);
});

test('before anything was measured, the partial result says so', (t) => {
  const { loop, agent } = setUp([0, { stage: 2, until: { meanReturn: -5 } }]);
  const { seconds, ...partial } = loop.partial();
  t.true(seconds >= 0 && seconds < 60);
  const unknown = { successRate: undefined, meanReturn: undefined, iterations: 0, mastered: false };
  t.deepEqual(partial, {
    stages: [
      { stage: 0, name: 'a', ...unknown },
      { stage: 2, name: 'c', ...unknown },
    ],
    iterations: 0,
    episodes: 0,
    stopped: false,
    agent,
  });
});

test('without a listener nothing is missed', async (t) => {
  const { loop } = setUp([{ stage: 0, iterations: 1 }], { onEvent: undefined });
  t.is((await loop.run()).iterations, 1);
});
