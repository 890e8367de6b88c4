import { Agent, type AgentOptions, type Episodes, Random, type Task, tutorial } from 'innate';

/** Sizes of a network and of what it is given. */
export interface Sizes {
  readonly batch: number;
  readonly hidden: number;
  readonly horizon: number;
}

const base = tutorial.task({ context: 'own' });

/**
 * @param horizon - Tokens a program.
 * @returns The tutorial's vocabulary and stages at any horizon; it is only asked for its sizes.
 */
export function sizedTask(horizon: number): Task {
  const { vocabulary, stages, startToken, sample, score, describe } = base;
  const updateOptions = tutorial.settings.updateOptions;
  return { name: `horizon ${horizon}`, vocabulary, stages, horizon, startToken, updateOptions, sample, score, describe } as Task;
}

/**
 * @param sizes - Of network and batch.
 * @param options - Engine, threads.
 * @returns An agent, and prompts with random returns for it.
 */
export async function sizedAgent(
  { batch, hidden, horizon }: Sizes,
  options: AgentOptions = {},
): Promise<{ readonly agent: Agent; readonly inputs: Omit<Episodes, 'actions'> }> {
  const agent = await Agent.create({ task: sizedTask(horizon), hiddenSize: hidden, seed: 1, ...options });
  const random = new Random(7);
  const contexts = Int32Array.from({ length: 4 * batch }, (_, i) => (i % 4 === 3 ? base.startToken : random.int(10)));
  const returns = Float32Array.from({ length: batch }, () => random.int(2));
  return { agent, inputs: { contexts, stages: new Int32Array(batch), returns } };
}
