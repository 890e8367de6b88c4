import { getEventListeners } from 'node:events';
import test from 'ava';
import type { TrainingEvent } from 'innate';
import { EventPipe } from '#dist/trainer/run/event-pipe.js';
import { Random } from '#dist/util/random.js';
import { BATCH, brief, setUp } from '../support/loop.js';

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
