import test from 'ava';
import { planStages } from '#dist/curriculum/stage-spec.js';
import { Collector } from '#dist/trainer/collect/collector.js';
import { Issues } from '#dist/util/issues.js';
import { Random } from '#dist/util/random.js';
import { scriptedAgent, scriptedTask } from '../support/scripted.js';

function setUp(note?: (call: string) => void) {
  const task = scriptedTask({
    earn: ({ index }) => ({ reward: index, success: index === 0, length: 1 + (index % 2) }),
    ...(note === undefined ? {} : { note }),
  });
  const { agent, log } = scriptedAgent();
  const plan = planStages([0, 1], { stageNames: task.stages, taskName: task.name, maxIterations: 9 }, new Issues());
  const problemRandom = new Random(3);
  const context = { task, agent, plan, batchSize: 4, rehearsal: 0.5, problemRandom };
  const [first, second] = plan;
  if (first === undefined || second === undefined) {
    throw new Error('no plan');
  }
  return { collector: new Collector(context), context, log, first, second };
}

test('a batch: its episodes, and how the programs of the current stage did', async (t) => {
  const { collector, log, second } = setUp();
  const { episodes, rollout } = await collector.collect(second, 1);
  t.deepEqual(rollout, { problems: 2, successRate: 0.5, episodeReturnMean: 0.5, episodeLengthMean: 1.5 });
  t.deepEqual(log.acts, [{ stages: [1, 1, 0, 0], contexts: Array.from(episodes.contexts), deterministic: false }]);
  t.deepEqual(Array.from(episodes.returns), [0, 1, 2, 3]);
  t.deepEqual(Array.from(episodes.lengths ?? []), [1, 2, 1, 2]);
  t.deepEqual(Array.from(episodes.actions), [0, 1, 0, 1, 0, 1, 0, 1]);
});

test('what is drawn ahead is what is collected next, and is drawn once', async (t) => {
  const calls: string[] = [];
  const ahead = setUp((call) => calls.push(call));
  ahead.collector.drawAhead(ahead.first, 1);
  t.deepEqual(calls, ['sample']);
  const { episodes } = await ahead.collector.collect(ahead.first, 1);
  t.deepEqual(calls, ['sample', 'score']);
  const plain = setUp();
  t.deepEqual(episodes.contexts, (await plain.collector.collect(plain.first, 1)).episodes.contexts);
});

test('a batch drawn ahead that is dropped goes back into the stream', (t) => {
  const { collector, context, first } = setUp();
  const before = context.problemRandom.getState();
  collector.drop();
  collector.drawAhead(first, 1);
  t.notDeepEqual(context.problemRandom.getState(), before);
  collector.drop();
  t.deepEqual(context.problemRandom.getState(), before);
  collector.drop();
  t.deepEqual(context.problemRandom.getState(), before);
});

test('what the task throws while drawing ahead is thrown when the batch is collected, once', async (t) => {
  let breaks = true;
  const { collector, first } = setUp((call) => {
    if (breaks && call === 'sample') {
      throw new RangeError('odd');
    }
  });
  t.notThrows(() => collector.drawAhead(first, 1));
  breaks = false;
  await t.throwsAsync(collector.collect(first, 1), { code: 'ERR_TASK', message: /odd/ });
  await t.notThrowsAsync(collector.collect(first, 1));
});
