import { type EnvironmentFactory, type EnvironmentTrainerOptions, Trainer } from 'innate';
import { cartPole } from 'innate/environments';
import { device } from './device.js';
import { digest } from './weights.js';

/** The weights after three iterations of PPO, as a digest. */
export async function digestOfThree(options: Partial<EnvironmentTrainerOptions>): Promise<string> {
  const { envCount = 16, rolloutSteps = 32 } = options;
  const all = { environment: () => cartPole(), ...options, envCount, rolloutSteps, device, progress: false } as EnvironmentTrainerOptions;
  const { agent } = await Trainer.run([{ stage: 0, steps: 3 * envCount * rolloutSteps }], all);
  try {
    return await digest(agent);
  } finally {
    await agent.close();
  }
}

/** CartPole that answers later: its delays are shuffled, so that environments never answer in the order of their rows. */
export function delayed(): EnvironmentFactory {
  let bits = 1;
  const later = async <T>(value: T): Promise<T> => {
    bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) | 0;
    for (let turns = bits >>> 29; turns > 0; turns -= 1) {
      await new Promise(setImmediate);
    }
    return value;
  };
  return () => {
    const { observationSpace, actionSpace, reset, step } = cartPole();
    return { observationSpace, actionSpace, reset: (context) => later(reset(context)), step: (action: number) => later(step(action)) };
  };
}
