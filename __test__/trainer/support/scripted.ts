import type { Agent, ProblemBatch, Task } from 'innate';

/** What a scripted task is asked to score. */
export interface Asked {
  /** Problems of the batch. */
  readonly size: number;
  /** Stage id of the problem. */
  readonly stage: number;
  /** Its place in the batch. */
  readonly index: number;
}

/** What a problem earns, whatever the program. */
export interface Earned {
  readonly reward: number;
  readonly success: boolean;
  /** Steps that count; all where absent. */
  readonly length?: number;
}

/** Options of {@link scriptedTask}. */
export interface ScriptOptions {
  readonly pooling?: 'own' | 'batch';
  /** Told about each call. */
  readonly note?: (call: string) => void;
  readonly earn: (asked: Asked) => Earned;
}

/** A task whose scores are written beforehand. Three stages; each problem draws one number. */
export function scriptedTask({ pooling, note, earn }: ScriptOptions): Task {
  return {
    name: 'scripted',
    vocabulary: ['x', 'y', 'go'],
    stages: ['a', 'b', 'c'],
    horizon: 2,
    startToken: 2,
    ...(pooling === undefined ? {} : { pooling }),
    sample: (stages, random): ProblemBatch => {
      note?.('sample');
      return { size: stages.length, contextLength: 1, contexts: Int32Array.from(stages, () => random.int(2)), stages: stages.slice() };
    },
    score: (batch, _, scores) => {
      note?.('score');
      batch.stages.forEach((stage, index) => {
        const { reward, success, length } = earn({ size: batch.size, stage, index });
        scores.returns[index] = reward;
        scores.successes[index] = success ? 1 : 0;
        if (length !== undefined && scores.lengths !== undefined) {
          scores.lengths[index] = length;
        }
      });
    },
    describe: (batch, index) => ({ context: `context ${batch.contexts[index]}`, target: `target ${index}` }),
  };
}

/** Statistics of every update of a {@link scriptedAgent}, each number another one. */
export const STATS = { loss: 1, policyLoss: 2, valueLoss: 3, entropy: 4, gradNorm: 5, explainedVariance: 6 } as const;

type Act = Parameters<Agent['act']>[0];
type Update = Parameters<Agent['update']>[0];

/** What was asked of a {@link scriptedAgent}. */
export interface AgentLog {
  readonly acts: { readonly stages: number[]; readonly contexts: number[]; readonly deterministic: boolean | undefined }[];
  readonly updates: {
    readonly stages: number[];
    readonly actions: number[];
    readonly returns: number[];
    readonly lengths: number[];
    readonly rest: object;
  }[];
}

/** An agent that always emits the tokens 0 and 1, and writes down what it is asked. */
export function scriptedAgent(note?: (call: string) => void): { agent: Agent; log: AgentLog } {
  const log: AgentLog = { acts: [], updates: [] };
  const agent = {
    act: async ({ contexts, stages, deterministic }: Act) => {
      note?.('act');
      log.acts.push({ stages: Array.from(stages ?? []), contexts: Array.from(contexts), deterministic });
      const numbers = Array.from({ length: 2 * (stages ?? []).length }, (_, at) => at);
      return {
        actions: Int32Array.from(numbers, (at) => at % 2),
        logProbs: Float32Array.from(numbers, (at) => Math.log(1 / 2 ** at)),
        entropies: Float32Array.from(numbers, (at) => 10 + at),
        values: Float32Array.from(numbers, (at) => 100 + at),
      };
    },
    update: async ({ contexts: _, stages, actions, returns, lengths, ...rest }: Update) => {
      note?.('update');
      log.updates.push({
        stages: Array.from(stages ?? []),
        actions: Array.from(actions),
        returns: Array.from(returns),
        lengths: Array.from(lengths ?? []),
        // Without the proof that the ids were looked through, which is nobody else's business.
        rest: Object.fromEntries(Object.entries(rest)),
      });
      await new Promise(setImmediate);
      note?.('updated');
      return STATS;
    },
  };
  return { agent: agent as unknown as Agent, log };
}
