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
