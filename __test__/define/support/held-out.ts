import { defineTask, type Split } from 'innate';

/** Which problems are held out: every fourth number. */
export const isHeldOut = (goal: number): boolean => goal % 4 === 3;

/**
 * Says a number of two bits that is shown, in one of two regions; some numbers are for testing alone.
 *
 * @param holds - Whether a problem of this goal may be drawn for a split.
 */
export function createNamed(holds: (goal: number, split: Split) => boolean = (goal, split) => isHeldOut(goal) === (split === 'test')) {
  return defineTask({
    name: 'named',
    stages: ['few', { name: 'many', most: 16 }],
    horizon: 2,
    symbols: ['n', 'a', 'b', 'c', 'd'],
    contextLength: 3,
    sample: (random, stage, split) => {
      const most = stage === 'few' ? 8 : stage.most;
      let goal = random.int(most);
      while (!holds(goal, split)) {
        goal = random.int(most);
      }
      return { goal };
    },
    encode: ({ goal }) => ['n', 1 + (goal % 4)],
    start: () => ({ said: -1 }),
    tools: { ZERO: says(0), ONE: says(1), TWO: says(2), THREE: says(3) },
    success: ({ said }, { goal }) => said === goal % 4,
  });
}

function says(number: number) {
  return {
    run: (state: { said: number }) => {
      state.said = number;
    },
  };
}
