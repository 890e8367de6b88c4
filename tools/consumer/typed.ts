// The same in TypeScript. Compiled as an ES module, as CommonJS (typed.cts) and for bundlers, all strict and with no skipLibCheck.
import { Agent, type ArithmeticStage, arithmetic, InnateError, Trainer, type TrainingResult } from 'innate';

async function main(): Promise<void> {
  const result: TrainingResult = await Trainer.run([0, 1, 2], { progress: false });
  if (!result.stages.every(({ mastered }) => mastered)) {
    throw new Error('not mastered');
  }
  await result.agent.save('typed.safetensors');
  await result.agent.close();
  const stage: ArithmeticStage = 'multiply-add';
  const copy = await Agent.load('typed.safetensors', { task: arithmetic });
  const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], stage);
  const actions: Int32Array = (await copy.act({ ...batch, deterministic: true })).actions;
  if (!arithmetic.decode(batch, actions).every(({ success }) => success)) {
    throw new Error('the loaded agent does not solve 7·3 + 5');
  }
  await copy.close();
  // @ts-expect-error The stages of the default task are known by name and by number, and this is neither.
  const wrong = (): unknown => Trainer.run([true], { progress: false });
  if (wrong instanceof InnateError) {
    throw wrong;
  }
  console.log('mastered, saved, loaded, acted');
}

// A rejection that nobody handles ends Node.js with status 1.
void main();
