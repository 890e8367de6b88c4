import { type Agent, box, discrete, type Environment, type EnvironmentFactory, type ResetContext, type Step } from 'innate';
import type { CollectorOptions } from '#dist/agent/collector.js';
import type { LearnConfig } from '#dist/algorithm/learn.js';

/** Options of {@link CountingEnvironment}. */
export interface CountingOptions {
  /** Steps of an episode. */
  readonly length?: number;
  /** Whether episodes are cut short instead of ended by their rules. */
  readonly truncates?: boolean;
  /** Whether an episode says if it reached its aim: all actions were 1. */
  readonly says?: boolean;
  /** Told about each call. */
  readonly note?: (call: string) => unknown;
}

/** Observes the step of the episode and a number of its stream. An action of 1 earns 1, and 0 nothing. Two stages. */
export class CountingEnvironment implements Environment<Float32Array, number> {
  readonly observationSpace = box({ shape: [2], low: 0, high: 2 ** 32 });
  readonly actionSpace = discrete(2);
  readonly stages = ['first', 'second'];
  readonly #index: number;
  readonly #options: CountingOptions;
  readonly #seen = new Float32Array(2);
  #t = 0;
  #right = true;

  constructor(index: number, options: CountingOptions = {}) {
    this.#index = index;
    this.#options = options;
  }

  reset({ random, stage }: ResetContext): Float32Array {
    this.#t = 0;
    this.#right = true;
    this.#seen[0] = 0;
    this.#seen[1] = random.uint32();
    this.#options.note?.(`reset ${this.#index} in ${stage}: ${this.#seen[1]}`);
    return this.#seen;
  }

  step(action: number): Step<Float32Array> {
    const { length = 3, truncates = false, says = true } = this.#options;
    this.#t += 1;
    this.#seen[0] = this.#t;
    this.#right &&= action === 1;
    const over = this.#t === length;
    return {
      observation: this.#seen,
      reward: action,
      terminated: over && !truncates,
      truncated: over && truncates,
      ...(over && says ? { success: this.#right } : {}),
    };
  }

  close(): void {
    this.#options.note?.(`close ${this.#index}`);
  }
}

/** Makes {@link CountingEnvironment}s. */
export const counting =
  (options: CountingOptions = {}): EnvironmentFactory =>
  (index) =>
    new CountingEnvironment(index, options);

/** What was asked of a {@link scriptedActor}. */
export interface ActorLog {
  readonly collectors: CollectorOptions[];
  readonly observed: number[][];
  readonly recorded: {
    readonly rewards: number[];
    readonly terminated: number[];
    readonly truncated: number[];
    readonly final: number[];
  }[];
  readonly learned: LearnConfig[];
  /** Rows that began an episode, at each step of a session. */
  readonly starts: number[][];
  closed: number;
}

/** Statistics of every rollout that a {@link scriptedActor} learns from. */
export const LEARNED = {
  loss: 1,
  policyLoss: 2,
  valueLoss: 3,
  entropy: 0.5,
  gradNorm: 5,
  explainedVariance: 6,
  approxKl: 7,
  clipFraction: 8,
  updates: 16,
} as const;

/** An agent for {@link CountingEnvironment}s that takes given actions, and writes down what it is asked. */
export function scriptedActor(act: (row: number) => number = () => 1): { agent: Agent; log: ActorLog } {
  const log: ActorLog = { collectors: [], observed: [], recorded: [], learned: [], starts: [], closed: 0 };
  const { observationSpace, actionSpace } = new CountingEnvironment(0);
  const choose = (actions: Int32Array): void => {
    for (let row = 0; row < actions.length; row += 1) {
      actions[row] = act(row);
    }
  };
  const agent = {
    [Symbol.for('innate.agent')]: true,
    closed: false,
    info: { observationSpace, actionSpace },
    collector: async (options: CollectorOptions) => {
      log.collectors.push(options);
      return {
        step: (dense: Float32Array, _: unknown, __: unknown, actions: Int32Array) => {
          log.observed.push(Array.from(dense));
          choose(actions);
        },
        record: (rewards: Float32Array, terminated: Uint8Array, truncated: Uint8Array, final: Float32Array) => {
          log.recorded.push({
            rewards: Array.from(rewards),
            terminated: Array.from(terminated),
            truncated: Array.from(truncated),
            final: Array.from(final),
          });
        },
        finish: (_: boolean, dense: Float32Array) => void log.observed.push(Array.from(dense)),
        close: () => {
          log.closed += 1;
        },
      };
    },
    learn: async (_: unknown, config: LearnConfig) => {
      log.learned.push(config);
      await new Promise(setImmediate);
      return LEARNED;
    },
    session: async ({ size }: { size: number }) => {
      const actions = new Int32Array(size);
      return {
        advance: (_: unknown, __: unknown, ___: unknown, starts: Uint8Array) => {
          log.starts.push(Array.from(starts));
          choose(actions);
          return { actions };
        },
        close: () => undefined,
      };
    },
    close: async () => undefined,
  };
  return { agent: agent as unknown as Agent, log };
}
