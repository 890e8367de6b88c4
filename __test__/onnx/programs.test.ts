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
/** How near to a boundary a uniform is where rounding may decide. */
const BOUNDARY = 1e-6;
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

/**
 * Steps at which sampled tokens first differ: there the uniform has to lie at the boundary between two tokens, where 32 bits cannot say on which
 * side. Returns the rows.
 */
async function atBoundaries(t: ExecutionContext, agent: Agent, batch: Prompted, actions: Int32Array, own: Int32Array, drawn: Float32Array) {
  const horizon = actions.length / batch.size;
  const rows = Array.from({ length: batch.size }, (_, row) => row).filter((row) =>
    actions.subarray(row * horizon, (row + 1) * horizon).some((action, step) => action !== own[row * horizon + step]),
  );
  const { logits } = rows.length === 0 ? { logits: new Float32Array() } : await agent.evaluateActions({ ...batch, actions });
  const vocabulary = logits.length / actions.length;
  for (const row of rows) {
    const step = Array.from({ length: horizon }, (_, index) => row * horizon + index).find((cell) => actions[cell] !== own[cell]) as number;
    const weights = Array.from(logits.subarray(step * vocabulary, (step + 1) * vocabulary), Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let cumulative = 0;
    const gaps = weights.map((weight) => {
      cumulative += weight / total;
      return Math.abs(cumulative - (drawn[step] as number));
    });
    t.true(Math.min(...gaps) <= BOUNDARY, `row ${row}: ${Math.min(...gaps)} from a boundary`);
  }
  return rows;
}

async function compare(t: ExecutionContext, agent: Agent, task: ToolTask, model: Model, deterministic: boolean) {
  const random = new Random(8);
  let rollouts = 0;
  let largest = 0;
  let boundaries = 0;
  for (const size of sizes(ROWS)) {
    const batch = task.sample(
      Int32Array.from({ length: size }, (_, row) => row % task.stages.length),
      random,
    );
    const native = await agent.act({ ...batch, deterministic });
    const drawn = uniforms('actions', SEED, rollouts, size, task.horizon);
    rollouts += 1;
    const said = await model.run({ ...prompts(model, batch), uniforms: model.tensor(drawn, size, task.horizon) });
    t.deepEqual(said['actions']?.dims, [size, task.horizon]);
    const own = said['actions']?.data as Int32Array;
    const apart = deterministic ? [] : await atBoundaries(t, agent, batch, native.actions, own, drawn);
    boundaries += apart.length;
    const cells = native.actions.map((_, cell) => cell).filter((cell) => !apart.includes(Math.floor(cell / task.horizon)));
    const of = (numbers: ArrayLike<number> = []) => Array.from(cells, (cell) => numbers[cell] as number);
    t.is(distance(of(own), of(native.actions)), 0, `${size} programs`);
    const { log_probs: logProbs, values } = said;
    const differences = [distance(of(logProbs?.data), of(native.logProbs)), distance(of(values?.data), of(native.values))];
    largest = Math.max(largest, ...differences);
  }
  t.true(boundaries <= ROWS / 1000, `${boundaries}`);
  t.true(largest <= WITHIN, `${largest}`);
  t.log(`${ROWS} programs, ${boundaries} parted at a boundary, log-probabilities and values within ${largest.toExponential(1)}`);
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
