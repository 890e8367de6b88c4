import test from 'ava';
import {
  type BoxSpace,
  box,
  checkEnvironment,
  discrete,
  type Environment,
  type EnvironmentFactory,
  multiDiscrete,
  type ObservationSpace,
  type ResetContext,
  type Space,
  type Step,
  vectorize,
} from 'innate';
import { Corridor } from './support/corridor.js';

const over = { reward: 0, terminated: true, truncated: false };

class Pairs implements Environment<Float32Array, readonly number[]> {
  readonly observationSpace = box({ shape: [2] });
  readonly actionSpace = multiDiscrete([3, 2]);
  reset(): Float32Array {
    return new Float32Array(2);
  }
  step([first = 0, second = 0]: readonly number[]): Step<Float32Array> {
    return { ...over, observation: Float32Array.of(first, second) };
  }
}

class Wrong implements Environment<number, number> {
  // @ts-expect-error -- observations are ids, and a box has lists of numbers
  readonly observationSpace = box({ shape: [2] });
  // @ts-expect-error -- actions are ids, and those of this space are lists
  readonly actionSpace = multiDiscrete([2, 2]);
  // @ts-expect-error -- a text is no observation of this environment
  reset(): string {
    return '';
  }
  step(): Step<number> {
    return { ...over, observation: 0 };
  }
}

/** Never called: what matters is that it compiles, and that the marked lines would not without their marks. */
function compiles(): void {
  const plain: Environment = new Pairs();
  const factory: EnvironmentFactory = async (index, size) => (index < size ? new Pairs() : new Corridor());
  void vectorize(() => new Corridor(), { size: 2 });
  void vectorize(factory, { size: 2, stepTimeout: undefined });
  void checkEnvironment(() => plain);
  // @ts-expect-error -- an environment in place of a function that makes one
  void vectorize(new Corridor(), { size: 2 });
  // @ts-expect-error -- how many is not said
  void vectorize(() => new Corridor(), {});
  // @ts-expect-error -- reset is missing
  void vectorize(() => ({ observationSpace: discrete(2), actionSpace: discrete(2), step: () => ({ ...over, observation: 0 }) }), {
    size: 2,
  });

  const lift = {
    observationSpace: { floor: discrete(4), speed: box({ shape: [1] }) },
    actionSpace: discrete(3),
    reset: ({ random, stage }: ResetContext) => ({ floor: random.int(4), speed: [stage] }),
    step: (action: number) => ({ ...over, observation: { floor: action, speed: [0] }, info: 'anything' }),
  } satisfies Environment<{ floor: number; speed: readonly number[] }, number>;
  void vectorize(() => lift, { size: 1 });
  // @ts-expect-error -- speed has no space
  const missing: ObservationSpace<{ floor: number; speed: readonly number[] }> = { floor: discrete(4) };
  // @ts-expect-error -- floor is an id
  const other: ObservationSpace<{ floor: string }> = { floor: discrete(4) };
  const numbers: Space<readonly number[]> = box({ shape: [1] });
  // @ts-expect-error -- lists of numbers are no texts
  const texts: Space<Map<string, number>> = box({ shape: [1] });
  const space: BoxSpace = box({ shape: [1], low: 0, high: [1] });
  // @ts-expect-error -- made once
  space.low = new Float32Array(1);
  // @ts-expect-error -- an axis is a number
  box({ shape: ['4'] });
  // @ts-expect-error -- there are no such bounds
  box({ shape: [4], min: 0 });
  const step: Step<number> = { ...over, observation: 0, success: true, actionMask: Uint8Array.of(1, 0) };
  // @ts-expect-error -- a step says whether the episode is over
  const open: Step<number> = { observation: 0, reward: 0, terminated: false };
  // @ts-expect-error -- done is two things here
  const done: Step<number> = { ...over, observation: 0, done: true };
  void [missing, other, numbers, texts, step, open, done, Wrong];
}

test('types: see what compiles and what must not', (t) => {
  t.is(typeof compiles, 'function');
});
