import test, { type ExecutionContext } from 'ava';
import { Agent } from 'innate';
import type { ToolTask } from '#dist/define/tool-task.js';
import { Random } from '#dist/util/random.js';
import { builtIn } from '../builtin/support/built-in.js';
import { distance } from '../support/weights.js';
import { exported, type Model, ROWS, RUNTIMES } from './support/runtimes.js';
import { shake } from './support/shaken.js';
import { uniforms } from './support/uniforms.js';

const WITHIN = 1e-5;
const SEED = 3;

/** Batches of 1, of 7, and of the rest: one file takes them all. */
function sizes(rows: number): number[] {
  const rest = Array.from({ length: Math.ceil(Math.max(rows - 8, 0) / 500) }, (_, i) => Math.min(500, rows - 8 - 500 * i));
  return [1, 7, ...rest];
}

type Prompted = ReturnType<ToolTask['sample']>;

function prompts(model: Model, { size, contexts, contextLength, contextLengths, stages }: Prompted) {
  return {
    contexts: model.tensor(contexts, size, contextLength),
    context_lengths: model.tensor(contextLengths ?? new Int32Array(size).fill(contextLength), size),
    stages: model.tensor(stages, size),
  };
}

async function compare(t: ExecutionContext, agent: Agent, task: ToolTask, model: Model, deterministic: boolean) {
  const random = new Random(8);
  let rollouts = 0;
  let largest = 0;
  for (const size of sizes(ROWS)) {
    const batch = task.sample(
      Int32Array.from({ length: size }, (_, row) => row % task.stages.length),
      random,
    );
    const native = await agent.act({ ...batch, deterministic });
    const drawn = model.tensor(uniforms('actions', SEED, rollouts, size, task.horizon), size, task.horizon);
    rollouts += 1;
    const said = await model.run({ ...prompts(model, batch), uniforms: drawn });
    t.deepEqual(said['actions']?.dims, [size, task.horizon]);
    t.deepEqual(said['actions']?.data, native.actions, `${size} programs`);
    const { log_probs: logProbs, values } = said;
    largest = Math.max(largest, distance(logProbs?.data ?? [], native.logProbs), distance(values?.data ?? [], native.values));
  }
  t.true(largest <= WITHIN, `${largest}`);
  t.log(`${ROWS} programs, log-probabilities and values within ${largest.toExponential(1)}`);
}

for (const runtime of RUNTIMES) {
  for (const { title, task } of builtIn.filter((each) => each.task.interaction === undefined)) {
    test.serial(`${runtime}, ${title}: programs are those of the agent, greedy and by the same uniforms`, async (t) => {
      await using agent = await Agent.create({ task, seed: SEED, hiddenSize: 48 });
      await shake(agent);
      for (const deterministic of [true, false]) {
        const model = await exported(runtime, agent, { form: 'program', deterministic });
        t.deepEqual(model.outputs, ['actions', 'log_probs', 'values']);
        t.is(model.inputs.includes('uniforms'), !deterministic);
        await compare(t, agent, task, model, deterministic);
        await model.release();
      }
    });
  }
}
