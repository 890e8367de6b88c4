import type { ProblemBatch, Task } from 'innate';

/** Hooks into {@link echoTask}. */
export interface EchoOptions {
  /** Called before each sampling. */
  readonly onSample?: () => void;
  /** Called before each scoring. */
  readonly onScore?: () => void;
  /** Replaces a reward. */
  readonly reward?: (reward: number, index: number) => number;
  /** Says how long each program is. */
  readonly length?: (index: number) => number;
}

/** Known answer: say the token that is shown. Two stages: among the first two tokens, among all four. Learned in some dozen iterations. */
export function echoTask({ onSample, onScore, reward = (value) => value, length }: EchoOptions = {}): Task {
  return {
    name: 'echo',
    vocabulary: ['a', 'b', 'c', 'd', 'go'],
    stages: ['two', 'four'],
    horizon: 2,
    startToken: 4,
    actionMask: Uint8Array.of(1, 1, 1, 1, 0),
    sample: (stages, random): ProblemBatch => {
      onSample?.();
      const contexts = Int32Array.from(stages, (stage) => random.int(stage === 0 ? 2 : 4));
      return { size: stages.length, contextLength: 1, contexts, stages: Int32Array.from(stages) };
    },
    score: (batch, actions, scores) => {
      onScore?.();
      for (let i = 0; i < batch.size; i += 1) {
        const right = Number(actions[2 * i] === batch.contexts[i]) + Number(actions[2 * i + 1] === batch.contexts[i]);
        scores.returns[i] = reward(right / 2, i);
        scores.successes[i] = right === 2 ? 1 : 0;
        if (length !== undefined && scores.lengths !== undefined) {
          scores.lengths[i] = length(i);
        }
      }
    },
    describe: (batch, index) => {
      const shown = 'abcd'[batch.contexts[index] ?? 0] ?? '';
      return { context: shown, target: `${shown} ${shown}` };
    },
  };
}

/** Three problems of the echo task. */
export const ECHO_PROMPTS = { contexts: Int32Array.of(0, 1, 2), stages: Int32Array.of(0, 0, 1) };

/** Programs for {@link ECHO_PROMPTS}: two that are right, and one that is half so. */
export const ECHO_EPISODES = { ...ECHO_PROMPTS, actions: Int32Array.of(0, 0, 1, 1, 2, 3), returns: Float32Array.of(1, 1, 0.5) };

/** Options that make the echo task quick. */
export const QUICK = { batchSize: 64, hiddenSize: 16, learningRate: 1e-2, evaluateEvery: 10, progress: false } as const;
