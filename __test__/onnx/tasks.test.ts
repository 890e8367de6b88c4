import test, { type ExecutionContext } from 'ava';
import { Agent } from 'innate';
import type { ToolTask } from '#dist/define/tool-task.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import { Random } from '#dist/util/random.js';
import { supportDesk } from '../../examples/support-desk/task.js';
import { builtIn } from '../builtin/support/built-in.js';
import { distance } from '../support/weights.js';
import { exported, type Model, ROWS, RUNTIMES } from './support/runtimes.js';
import { shake } from './support/shaken.js';
import { judge, Stepping } from './support/stepping.js';

const WITHIN = 1e-5;

/** Steps the rows of a batch by the agent's session and by the models; closed loops are answered by the task. */
async function stepBoth(t: ExecutionContext, agent: Agent, task: ToolTask, models: { encoder: Model; step: Model }, size: number) {
  const stages = Int32Array.from({ length: size }, (_, row) => row % task.stages.length);
  const batch = task.sample(stages, new Random(size));
  const episodes = task.interaction === undefined ? undefined : checkedBegin(task, batch);
  using session = await agent.session({ size });
  session.begin(batch);
  const { encoder, step } = models;
  const { contexts, contextLength, contextLengths = new Int32Array(size).fill(contextLength) } = batch;
  const state = await encoder.run({
    contexts: encoder.tensor(contexts, size, contextLength),
    context_lengths: encoder.tensor(contextLengths, size),
    stages: encoder.tensor(stages, size),
  });
  const stepping = new Stepping(step, size, task.vocabulary.length, state);
  let largest = 0;
  for (let t0 = 0; t0 < task.horizon; t0 += 1) {
    const observed = { discrete: episodes?.heard.length === 0 ? undefined : episodes?.heard, allowed: episodes?.allowed };
    const native = session.advance(undefined, observed.discrete, observed.allowed, undefined, true);
    const said = await stepping.step(observed);
    t.deepEqual(said.actions, native.actions, `step ${t0}`);
    const { logProbs, entropies } = judge(said.logits, native.actions);
    largest = Math.max(
      largest,
      distance(logProbs, native.logProbs),
      distance(entropies, native.entropies),
      distance(said.values, native.values),
    );
    episodes?.step(native.actions);
  }
  t.true(largest <= WITHIN, `${largest}`);
  return largest;
}

for (const runtime of RUNTIMES) {
  for (const { title, task } of [...builtIn, { title: 'support desk', task: supportDesk as unknown as ToolTask }]) {
    test.serial(`${runtime}, ${title}: stepped as a session steps`, async (t) => {
      await using agent = await Agent.create({ task, seed: 3, hiddenSize: 48 });
      await shake(agent);
      const models = { encoder: await exported(runtime, agent, { form: 'encoder' }), step: await exported(runtime, agent) };
      let largest = 0;
      let rows = 0;
      for (const size of [1, 7, ...new Array<number>(Math.ceil(ROWS / 200)).fill(Math.min(ROWS, 200))]) {
        largest = Math.max(largest, await stepBoth(t, agent, task, models, size));
        rows += size;
      }
      await models.encoder.release();
      await models.step.release();
      t.log(`${rows} programs, log-probabilities, entropies and values within ${largest.toExponential(1)}`);
    });
  }
}
