import { type CheckedPrompts, provePrompts } from '../../task/checked-prompts.js';
import type { Scores, Task, TaskEpisodes } from '../../task/task.js';
import type { FullScores } from './scores.js';

// Several programs a problem. Of P problems and K samples, row k·P + p is sample k of problem p: so each sample is scored with the batch as it was drawn.

/**
 * @param prompts - One a problem.
 * @param samples - How often each is shown.
 * @param task - Whose they are.
 * @returns One a program.
 */
export function repeatPrompts(
  { contexts, contextLengths, contextValues, stages }: CheckedPrompts,
  samples: number,
  task: Task,
): CheckedPrompts {
  const sizes = { vocabSize: task.vocabulary.length, stageCount: task.stages.length };
  const lengths = contextLengths && repeat(contextLengths, samples);
  const values = contextValues && repeat(contextValues, samples);
  return provePrompts(repeat(contexts, samples), repeat(stages, samples), sizes, lengths, values);
}

function repeat<T extends Int32Array | Float32Array>(values: T, times: number): T {
  const repeated = new (values.constructor as new (length: number) => T)(values.length * times);
  for (let at = 0; at < repeated.length; at += values.length) {
    repeated.set(values, at);
  }
  return repeated;
}

/**
 * @param programs - How many there are.
 * @param samples - How many for each problem.
 * @returns Which problem each is for, `[programs]`.
 */
export function groupsOf(programs: number, samples: number): Uint32Array {
  return Uint32Array.from({ length: programs }, (_, row) => row % (programs / samples));
}

/**
 * @param scores - Of all programs.
 * @param samples - How many for each problem.
 * @returns The same arrays, a sample of every problem at a time.
 */
export function sliceScores({ returns, successes, lengths }: FullScores, samples: number): FullScores[] {
  const size = returns.length / samples;
  return Array.from({ length: samples }, (_, k) => {
    const [from, to] = [k * size, (k + 1) * size];
    return { returns: returns.subarray(from, to), successes: successes.subarray(from, to), lengths: lengths.subarray(from, to) };
  });
}

/** Several programs a problem under way, as the episodes of one batch. */
export class SampledEpisodes implements TaskEpisodes {
  readonly heard: Int32Array;
  readonly allowed: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly ended: Uint8Array;
  readonly truncated: Uint8Array;
  readonly #samples: readonly TaskEpisodes[];
  readonly #size: number;

  /** @param samples - The problems of one batch, begun once a sample. */
  constructor(samples: readonly TaskEpisodes[]) {
    const [first] = samples;
    const times = samples.length;
    this.#samples = samples;
    this.#size = first?.ended.length ?? 0;
    this.heard = new Int32Array((first?.heard.length ?? 0) * times);
    this.allowed = first?.allowed === undefined ? undefined : new Uint8Array(first.allowed.length * times);
    this.rewards = new Float32Array(this.#size * times);
    this.ended = new Uint8Array(this.#size * times);
    this.truncated = new Uint8Array(this.#size * times);
    this.#read();
  }

  step(actions: Int32Array): void {
    this.#samples.forEach((sample, k) => {
      if (sample.ended.includes(0)) {
        sample.step(actions.subarray(k * this.#size, (k + 1) * this.#size));
      } else {
        sample.rewards.fill(0);
      }
    });
    this.#read();
  }

  score({ returns, successes, lengths = new Int32Array(returns.length) }: Scores): void {
    for (const [k, scores] of sliceScores({ returns, successes, lengths }, this.#samples.length).entries()) {
      this.#samples[k]?.score(scores);
    }
  }

  #read(): void {
    this.#samples.forEach(({ heard, allowed, rewards, ended, truncated }, k) => {
      this.heard.set(heard, k * heard.length);
      this.allowed?.set(allowed ?? [], k * (allowed?.length ?? 0));
      this.rewards.set(rewards, k * this.#size);
      this.ended.set(ended, k * this.#size);
      this.truncated.set(truncated, k * this.#size);
    });
  }
}
