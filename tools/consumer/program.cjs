'use strict';
// What a user does first, in JavaScript: trains, saves, loads, acts, hands the answer on. Prints under which runtime.
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

const { bun, deno, node } = process.versions;
const runtime = (bun && `Bun ${bun}`) ?? (deno && `Deno ${deno}`) ?? `Node ${node}`;

/** Gives an array away without a copy, to this thread and on to another. @param {Int32Array | Float32Array} array */
async function handOn(array) {
  const expected = [...array].join();
  const mine = structuredClone(array, { transfer: [/** @type {ArrayBuffer} */ (array.buffer)] });
  let seen = [...mine].join();
  let left = array.length;
  // The workers of other runtimes are not Node's; what is handed on within this thread shows as much of the memory.
  if (runtime.startsWith('Node')) {
    const echo =
      "const { parentPort: port } = require('node:worker_threads'); port.once('message', (m) => port.postMessage([...m].join()));";
    const worker = new Worker(echo, { eval: true });
    worker.postMessage(mine, [/** @type {ArrayBuffer} */ (mine.buffer)]);
    [seen] = await once(worker, 'message');
    left += mine.length;
    await worker.terminate();
  }
  if (left !== 0 || seen !== expected) {
    throw new Error(`handed on as ${seen}, expected ${expected}, with ${left} left behind`);
  }
}

/** @type {(innate: typeof import('innate'), file: string) => Promise<void>} */
exports.use = async ({ Agent, arithmetic, Trainer }, file) => {
  const { stages, agent } = await Trainer.run([0, 1, 2], { progress: false });
  if (stages.length !== 3 || !stages.every(({ mastered }) => mastered)) {
    throw new Error(`not mastered: ${JSON.stringify(stages)}`);
  }
  await agent.save(file);
  await agent.close();
  const copy = await Agent.load(file, { task: arithmetic });
  const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 'multiply-add-subtract-product');
  const { actions } = await copy.act({ ...batch, deterministic: true });
  if (!arithmetic.decode(batch, actions).every(({ success }) => success)) {
    throw new Error('the loaded agent does not solve 7·3 + 5 − 2·4');
  }
  const { gradients } = await copy.gradients({ ...batch, actions, returns: [1] });
  const results = [await copy.evaluateActions({ ...batch, actions }), await copy.act(batch), { ...gradients['v.bias'] }, { actions }];
  for (const array of results.flatMap((result) => Object.values(result))) {
    if (ArrayBuffer.isView(array)) {
      await handOn(array);
    }
  }
  await copy.close();
  console.log(`${runtime}: mastered, saved, loaded, acted`);
};

/**
 * Plays an episode, and sees that both entries have the same classes of errors.
 *
 * @type {(innate: typeof import('innate'), environments: typeof import('innate/environments')) => void}
 */
exports.play = ({ OptionsError, Random }, { cartPole, knownScores }) => {
  const environment = cartPole();
  let observation = environment.reset({ random: new Random(1), stage: 0 });
  let episodeReturn = 0;
  for (let over = false; !over; ) {
    const [x = 0, velocity = 0, angle = 0, spin = 0] = observation;
    const step = environment.step(angle + 0.25 * spin + 0.02 * x + 0.05 * velocity > 0 ? 1 : 0);
    observation = step.observation;
    episodeReturn += step.reward;
    over = step.terminated || step.truncated;
  }
  if (episodeReturn !== knownScores['CartPole-v1'].best) {
    throw new Error(`balancing scores ${episodeReturn}`);
  }
  try {
    cartPole({ limit: 0 });
  } catch (error) {
    if (error instanceof OptionsError) {
      return;
    }
  }
  throw new Error('a limit of 0 is refused by no OptionsError');
};
