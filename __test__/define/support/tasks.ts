import { defineTask } from '#dist/define/define-task.js';

/** Counts to a goal that is shown: small, right program depends on the problem. */
export function createCounter() {
  return defineTask({
    name: 'counter',
    stages: ['easy', { name: 'hard', most: 3 }],
    horizon: 4,
    symbols: ['one', 'two', 'three'],
    sample: (random, stage) => ({ goal: 1 + random.int(stage === 'easy' ? 2 : stage.most) }),
    encode: ({ goal }) => Array.from({ length: goal }, () => goal - 1),
    start: () => ({ count: 0, toggles: 0 }),
    tools: {
      INC: {
        run: (state) => {
          state.count += 1;
        },
      },
      DEC: {
        when: (state) => state.count > 0,
        run: (state) => {
          state.count -= 1;
        },
      },
      DONE: { ends: true },
    },
    milestones: {
      begun: { reward: 0.25, reached: (state) => state.count === 1 },
      two: { reward: 0.5, stages: ['hard'], reached: (state, problem) => problem.goal >= 2 && state.count === 2 },
    },
    success: (state, problem) => state.count === problem.goal,
    target: (problem) => problem.goal,
  });
}

/** Scores one program a problem. */
export function scoreAll<Batch extends { readonly size: number }>(
  task: { score(batch: Batch, actions: Int32Array, scores: { returns: Float32Array; successes: Uint8Array }): void },
  batch: Batch,
  actions: Int32Array,
): { readonly returns: number[]; readonly successes: number[] } {
  const scores = { returns: new Float32Array(batch.size), successes: new Uint8Array(batch.size) };
  task.score(batch, actions, scores);
  return { returns: [...scores.returns], successes: [...scores.successes] };
}
