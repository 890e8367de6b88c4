// The same in TypeScript. Compiled as an ES module, as CommonJS (typed.cts) and for bundlers, all strict and with no skipLibCheck.
import { Agent, type ArithmeticStage, arithmetic, InnateError, Random, Trainer, type TrainingResult } from 'innate';
import { type BuiltInEnvironment, cartPole } from 'innate/environments';

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
  const environment: BuiltInEnvironment<readonly number[]> = cartPole({ observation: 'position' });
  const observation: readonly number[] = environment.reset({ random: new Random(1), stage: 0 });
  // @ts-expect-error Noise belongs to another kind of observation.
  const noisy = (): unknown => cartPole({ observation: 'position', noiseSigma: 0.1 });
  if (observation.length !== 2 || noisy instanceof InnateError) {
    throw new Error('position-only CartPole has two numbers');
  }
  console.log('mastered, saved, loaded, acted');
}

// A rejection that nobody handles ends Node.js with status 1.
void main();
