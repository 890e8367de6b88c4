import { Agent } from 'innate';
import { Random } from '#dist/util/random.js';

interface NamedTensor {
  readonly name: string;
  readonly data: Float32Array;
}

interface Native {
  stateDict(): Promise<NamedTensor[]>;
  loadStateDict(tensors: readonly NamedTensor[]): Promise<void>;
}

/** Moves all weights at random, so that nothing is zero and the choices are decided. */
export async function shake(agent: Agent, size = 0.25, seed = 1): Promise<void> {
  const native = Agent.nativeOf(agent) as Native;
  const tensors = await native.stateDict();
  const random = new Random(seed);
  for (const { data } of tensors) {
    for (let i = 0; i < data.length; i += 1) {
      data[i] = (data[i] as number) + size * (2 * random.float() - 1);
    }
  }
  await native.loadStateDict(tensors);
}
