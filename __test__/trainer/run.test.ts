import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Agent, hasPartialResult, type IterationEvent, Trainer, type TrainingEvent } from 'innate';
import { device } from '../support/device.js';
import { echoTask, QUICK } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

const options = { ...QUICK, device, task: echoTask() };
const tenEach = [
  { stage: 0, iterations: 10 },
  { stage: 'four', iterations: 10 },
];

test('masters a known-answer task, and says so', async (t) => {
  const { agent, stages, ...result } = await Trainer.run([0, 1], { ...options, seed: 1 });
  t.deepEqual(
    stages.map(({ stage, name, mastered }) => [stage, name, mastered]),
    [
      [0, 'two', true],
      [1, 'four', true],
    ],
  );
  t.true(stages.every(({ successRate, meanReturn, iterations }) => successRate >= 0.99 && meanReturn >= 0.99 && iterations >= 10));
  t.is(result.iterations, (stages[0]?.iterations ?? 0) + (stages[1]?.iterations ?? 0));
  t.is(result.episodes, result.iterations * 64);
  t.true(result.seconds > 0);
  t.false(result.stopped);
  t.is((await agent.act({ contexts: [0], stages: [0] })).actions.length, 2, 'the agent is open');
  await agent.close();
});

test('fixed iterations are exact, targets and budgets are kept', async (t) => {
  await using trainer = await Trainer.create(options);
  const { stages } = await trainer.run([
    { stage: 0, iterations: 7 },
    { stage: 0, until: { successRate: 0.01 }, maxIterations: 500 },
    { stage: 1, until: { meanReturn: 100 }, maxIterations: 13 },
  ]);
  t.deepEqual(
    stages.map(({ iterations }) => iterations),
    [7, 10, 13],
  );
  t.is(stages[1]?.mastered, true);
  t.is(stages[2]?.mastered, false);
});

test('learns from the steps that a task says count, and tells their mean', async (t) => {
  const train = async (length?: (index: number) => number): Promise<{ lengths: number[]; weights: string }> => {
    await using trainer = await Trainer.create({ ...options, task: echoTask(length === undefined ? {} : { length }), seed: 1 });
    const lengths: number[] = [];
    for await (const event of trainer.run([{ stage: 0, iterations: 3 }])) {
      if (event.type === 'iteration') {
        lengths.push(event.rollout.episodeLengthMean);
      }
    }
    return { lengths, weights: await digest(trainer.agent) };
  };
  const whole = await train();
  t.deepEqual(whole.lengths, [2, 2, 2], 'the horizon, where a task says nothing');
  t.deepEqual(await train(() => 2), whole);
  const half = await train((index) => 1 + (index % 2));
  t.deepEqual(half.lengths, [1.5, 1.5, 1.5]);
  t.not(half.weights, whole.weights);
});

test('events come in order and tell what happened', async (t) => {
  await using trainer = await Trainer.create({ ...options, rehearsal: 0.25 });
  const events: TrainingEvent[] = [];
  const run = trainer.run(tenEach);
  for await (const event of run) {
    events.push(event);
  }
  const iterations = (from: number): string[] => Array.from({ length: 10 }, (_, i) => `iteration ${from + i}`);
  t.deepEqual(
    events.map((event) => (event.type === 'iteration' ? `iteration ${event.iteration}` : `${event.type} ${event.stage}`)),
    [
      'stage 0',
      ...iterations(1),
      'evaluation 0',
      'stage-end 0',
      'stage 1',
      ...iterations(11),
      'evaluation 1',
      'stage-end 1',
      'evaluation 0',
      'evaluation 1',
    ],
  );
  const second = events.find((event): event is IterationEvent => event.type === 'iteration' && event.iteration === 12);
  t.like(second, { stageIteration: 2, index: 1, stage: 1, name: 'four', rollout: { problems: 48 }, time: { episodes: 12 * 64 } });
  t.is((await run).iterations, 20, 'the run can be awaited too');
});

test('an iterator pulls: training waits for the loop', async (t) => {
  await using trainer = await Trainer.create(options);
  for await (const event of trainer.run([{ stage: 0, iterations: 5 }])) {
    if (event.type === 'iteration') {
      const before = await digest(trainer.agent);
      await new Promise((resolve) => setTimeout(resolve, 20));
      t.is(await digest(trainer.agent), before);
    }
  }
});

test('with and without an iterator, with evaluations on demand or not: the same weights', async (t) => {
  const digests: string[] = [];
  for (const how of ['await', 'iterate', 'evaluate'] as const) {
    await using trainer = await Trainer.create(options);
    const run = trainer.run(tenEach);
    if (how !== 'await') {
      for await (const event of run) {
        if (how === 'evaluate' && event.type === 'iteration') {
          await trainer.evaluate({ problems: 10 });
          await trainer.explain(1, 2);
        }
      }
    }
    await run;
    digests.push(await digest(trainer.agent));
  }
  t.is(new Set(digests).size, 1);
});

test('leaving the loop stops cleanly; the promise says what was done; the trainer goes on as if it had not been', async (t) => {
  await using trainer = await Trainer.create(options);
  const run = trainer.run([{ stage: 0, iterations: 100 }]);
  for await (const event of run) {
    if (event.type === 'iteration' && event.iteration === 3) {
      break;
    }
  }
  t.false(trainer.running, 'the run is over when the loop is left');
  const result = await run;
  t.like(result, { iterations: 3, stopped: true, episodes: 3 * 64 });
  t.true((result.stages[0]?.successRate ?? -1) >= 0);
  await trainer.run([{ stage: 0, iterations: 4 }]);
  const whole = await Trainer.run([{ stage: 0, iterations: 7 }], options);
  t.is(await digest(trainer.agent), await digest(whole.agent), 'no problem was drawn in vain');
  await whole.agent.close();
});

test('a run begins by itself', async (t) => {
  const seen = await new Promise<TrainingEvent>((resolve) => {
    void Trainer.run([{ stage: 0, iterations: 2 }], {
      ...options,
      progress: (event) => {
        if (event.type === 'evaluation' && event.purpose === 'final') {
          resolve(event);
        }
      },
    });
  });
  t.is(seen.iteration, 2);
});

test('aborting rejects with AbortError, the reason, and what was trained', async (t) => {
  await using trainer = await Trainer.create(options);
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 50);
  const error = await fails(t, () => trainer.run([{ stage: 0, iterations: 1e6 }], { signal: controller.signal }), {
    code: 'ERR_ABORTED',
    path: 'signal',
    name: 'AbortError',
  });
  t.is(error.cause, reason);
  t.true(hasPartialResult(error) && error.partial.agent === trainer.agent && error.partial.iterations > 0);
  t.is((await trainer.run([{ stage: 0, iterations: 2 }])).iterations, 2, 'the trainer is usable');
});

test('aborting frees a run whose consumer is slow', async (t) => {
  await using trainer = await Trainer.create(options);
  const controller = new AbortController();
  const run = trainer.run([{ stage: 0, iterations: 1e6 }], { signal: controller.signal });
  const iterator = run[Symbol.asyncIterator]();
  await iterator.next();
  controller.abort();
  await t.throwsAsync(async () => run, { code: 'ERR_ABORTED' });
  await t.throwsAsync(iterator.next(), { code: 'ERR_ABORTED' });
  t.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test('a signal that is aborted already, and one given to the trainer', async (t) => {
  await using trainer = await Trainer.create({ ...options, signal: AbortSignal.abort() });
  await fails(t, () => trainer.run([0]), { code: 'ERR_ABORTED', path: 'signal' });
});

test('an error reaches the loop, and needs no other handler', async (t) => {
  let left = 3;
  const task = echoTask({
    onScore: () => {
      left -= 1;
      if (left === 0) {
        throw new Error('out of order');
      }
    },
  });
  await using trainer = await Trainer.create({ ...QUICK, device, task });
  await t.throwsAsync(
    async () => {
      for await (const event of trainer.run([0])) {
        t.truthy(event.type);
      }
    },
    { code: 'ERR_TASK' },
  );
});

test('an error in the body of the loop is the one that is seen', async (t) => {
  await using trainer = await Trainer.create(options);
  await t.throwsAsync(
    async () => {
      for await (const event of trainer.run([0])) {
        throw new Error(`mine, at ${event.type}`);
      }
    },
    { message: 'mine, at stage' },
  );
  t.false(trainer.running);
});

test('one run at a time', async (t) => {
  await using trainer = await Trainer.create(options);
  const first = trainer.run([{ stage: 0, iterations: 5 }]);
  await fails(t, () => trainer.run([0]), { code: 'ERR_BUSY', path: 'trainer', name: 'BusyError' });
  t.is((await first).iterations, 5);
  t.is((await trainer.run([{ stage: 0, iterations: 1 }])).iterations, 1);
});

test('an agent that is passed in is trained further, with its own coefficients, and not closed', async (t) => {
  await using agent = await Agent.create({ device, task: options.task, hiddenSize: 8, learningRate: 1e-2 });
  const before = await digest(agent);
  {
    await using trainer = await Trainer.create({ task: options.task, agent, progress: false });
    t.is(trainer.agent, agent);
    await trainer.run([{ stage: 0, iterations: 3 }]);
  }
  t.false(agent.closed);
  t.not(await digest(agent), before);
  await fails(t, () => Trainer.create({ task: options.task, agent, hiddenSize: 8 }), { code: 'ERR_OPTIONS', path: 'hiddenSize' });
  await fails(t, () => Trainer.create({ agent }), { code: 'ERR_OPTIONS', path: 'task.vocabulary.length' });
  await fails(t, () => Trainer.create({ agent: {} as Agent }), { code: 'ERR_OPTIONS', path: 'agent' });
});

test('evaluates and explains', async (t) => {
  await using trainer = await Trainer.create({ ...options, seed: 1 });
  await trainer.run([0, 1]);
  const all = await trainer.evaluate({ problems: 100 });
  t.deepEqual(
    all.map(({ stage, name, problems }) => [stage, name, problems]),
    [
      [0, 'two', 100],
      [1, 'four', 100],
    ],
  );
  t.true(all.every(({ successRate, meanReturn }) => successRate >= 0.95 && meanReturn >= 0.95));
  t.deepEqual(
    (await trainer.evaluate({ stage: 'four', problems: 1 })).map(({ stage }) => stage),
    [1],
  );
  t.deepEqual(
    (await trainer.evaluate({ stages: [1, 'two'], problems: 5000 })).map(({ stage }) => stage),
    [1, 0],
  );
  const explanations = await trainer.explain('four', 3);
  t.is(explanations.length, 3);
  for (const { stage, name, context, target, tokens, steps, episodeReturn, success } of explanations) {
    t.deepEqual([stage, name, target], [1, 'four', `${context} ${context}`]);
    t.deepEqual(
      tokens,
      steps.map(({ token }) => token),
    );
    t.is(tokens.join(' ') === target, success);
    t.is(success, episodeReturn === 1);
    t.true(steps.every(({ probability, entropy, value }) => probability > 0 && probability <= 1 && entropy >= 0 && Number.isFinite(value)));
  }
  t.is((await trainer.explain(0)).length, 5);
});

test('an explanation of a task made of tools says which ran, and where the program ended', async (t) => {
  await using trainer = await Trainer.create({ device, hiddenSize: 8, progress: false });
  for (const { tokens, steps, executed } of await trainer.explain(0, 50)) {
    t.is(tokens.length, 7);
    t.true(executed >= 1 && executed <= 7);
    t.true(steps.slice(0, executed).every(({ applied }) => applied !== undefined));
    t.true(steps.slice(executed).every(({ applied }) => applied === undefined));
    t.true(executed === 7 || (tokens[executed - 1] === '[ANS]' && steps[executed - 1]?.applied === true));
  }
});

test('closing ends the run under way, and then the agent', async (t) => {
  const trainer = await Trainer.create(options);
  const run = trainer.run([{ stage: 0, iterations: 1e6 }]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await trainer.close();
  await trainer.close();
  t.true((await run).stopped);
  t.true(trainer.agent.closed);
});

test('an error that nobody handles is reported by Node', (t) => {
  const script = fileURLToPath(new URL('../support/unhandled-child.js', import.meta.url));
  const child = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  t.is(child.status, 1);
  t.true(child.stderr.includes('OptionsError'), child.stderr);
});
