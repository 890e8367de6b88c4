// A task in a file of its own, for the command `innate`.
import { defineTask } from 'innate';

interface Tally {
  sum: number;
}

export default defineTask({
  name: 'count',
  stages: ['default'],
  horizon: 3,
  symbols: ['1', '2'],
  contextLength: 2,
  sample: (random): number => 1 + random.int(2),
  encode: (target) => [target === 1 ? '1' : '2'],
  start: (): Tally => ({ sum: 0 }),
  tools: {
    ADD: {
      run: (state) => {
        state.sum += 1;
      },
    },
    DONE: { ends: true },
  },
  success: (state, target) => state.sum === target,
  target: (target) => String(target),
});
