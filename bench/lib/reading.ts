// Prompts that are read in order and attended to, as large as they are measured.
import { Agent, type Episodes, Random } from 'innate';
import { settings } from './agents.js';

/** What is measured: 512 prompts of 9 tokens, programs of 14, 128 wide; given to other engines as BENCH_READING. */
export const READING = { rows: 512, length: 9, steps: 14, hidden: 128, vocabulary: 21, start: 12 } as const;

/** An agent of that size. */
export function readingAgent(): Promise<Agent> {
  const { steps, hidden, vocabulary, start } = READING;
  const network = { encoder: 'gru', attention: 'prompt', hiddenSize: hidden } as const;
  return Agent.create({ vocabulary, stages: 1, horizon: steps, startToken: start, network, seed: 1, threads: settings.threads });
}

/** Prompts, and what their programs are said to earn. */
export function readingProblems(): Omit<Episodes, 'actions'> {
  const { rows, length, vocabulary } = READING;
  const random = new Random(7);
  const contexts = Int32Array.from({ length: rows * length }, () => random.int(vocabulary));
  return { contexts, stages: new Int32Array(rows), returns: Float32Array.from({ length: rows }, () => random.int(2)) };
}
