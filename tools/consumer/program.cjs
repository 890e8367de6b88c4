'use strict';
// What a user does first, in JavaScript: trains, saves, loads, acts. Copied into an empty folder by tools/test-package.mjs.

/**
 * @param {typeof import('innate')} innate - The package, however it was loaded.
 * @param {string} file - Where to save.
 */
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
  await copy.close();
  console.log('mastered, saved, loaded, acted');
};
