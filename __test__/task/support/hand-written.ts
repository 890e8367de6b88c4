import type { Task } from 'innate';

/** A task written by hand, of three tokens, two stages and programs of two tokens, with parts replaced. All that it scores is wrong and earns nothing. */
export function handWritten(changes: object = {}): Task {
  return {
    name: 'hand-written',
    vocabulary: ['a', 'b', 'go'],
    stages: ['x', 'y'],
    horizon: 2,
    startToken: 2,
    sample: (stages) => ({ size: stages.length, contextLength: 2, contexts: new Int32Array(stages.length * 2), stages: stages.slice() }),
    score: (_, __, { returns, successes }) => {
      returns.fill(0);
      successes.fill(0);
    },
    describe: () => ({ context: '', target: '' }),
    ...changes,
  };
}
