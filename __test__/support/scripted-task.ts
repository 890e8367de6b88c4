import type { Task } from 'innate';

/** What {@link scriptedTask} is told. */
export interface Script {
  /** Names of the stages. */
  readonly stages: readonly string[];
  /** Called with the stages of each batch that is drawn. */
  readonly onSample?: (stages: readonly number[]) => void;
  /** Share of a batch's problems of a stage that are right, whatever the agent emits; asked once for each stage in a batch. */
  readonly successRate?: (stage: number, size: number) => number;
}

/** A task that says which programs are right without looking at them: what becomes of a run then depends on the curriculum alone. */
export function scriptedTask({ stages: names, onSample, successRate = () => 0 }: Script): Task {
  return {
    name: 'scripted',
    vocabulary: ['a', 'b', 'go'],
    stages: names,
    horizon: 1,
    startToken: 2,
    sample: (stages) => {
      onSample?.([...stages]);
      return { size: stages.length, contextLength: 1, contexts: new Int32Array(stages.length), stages: stages.slice() };
    },
    score: ({ stages, size }, _, { returns, successes }) => {
      returns.fill(0);
      successes.fill(0);
      for (const stage of new Set(stages)) {
        const its = [...stages.keys()].filter((i) => stages[i] === stage);
        for (const i of its.slice(0, Math.round(successRate(stage, size) * its.length))) {
          successes[i] = 1;
        }
      }
    },
    describe: () => ({ context: '', target: '' }),
  };
}
