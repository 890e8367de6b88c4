import { OptionsError } from '../errors/options-error.js';
import { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { checkSpace } from './check.js';
import { idsOf, type KnownSpace, type Part, sizesOf, takeApart } from './parts.js';
import type { ObservationSpace, Space } from './space.js';

/** Most combinations of a multi-discrete action: each is a token of its own. */
const MAX_ACTIONS = 4096;

/** How a value of a space lies in flat arrays: the numbers of its boxes, and the ids of its discrete parts, each in order of declaration. */
export interface SpaceLayout {
  /** Numbers of a value, `D`. */
  readonly dense: number;
  /** How many values each id has, `[K]`. */
  readonly discrete: readonly number[];
  /** Smallest value of each number, `[D]`. */
  readonly low: Float32Array;
  /** Largest value of each number, `[D]`. */
  readonly high: Float32Array;
}

/**
 * Says where the values of a space lie.
 *
 * @param space - A space, or a record of them.
 * @param path - What it is called in errors.
 * @returns The layout.
 * @throws {@link OptionsError} saying all that is wrong with the space.
 */
export function layoutOf(space: ObservationSpace<unknown>, path = 'observationSpace'): SpaceLayout {
  const parts = partsOf(space, path).map((part) => part.space);
  const boxes = parts.filter((part) => part.kind === 'box');
  const dense = boxes.reduce((sum, { low }) => sum + low.length, 0);
  const low = new Float32Array(dense);
  const high = new Float32Array(dense);
  let at = 0;
  for (const part of boxes) {
    low.set(part.low, at);
    high.set(part.high, at);
    at += part.low.length;
  }
  return { dense, discrete: parts.flatMap(idsOf), low, high };
}

/**
 * Takes a space apart.
 *
 * @param space - A space, or a record of them.
 * @param path - What it is called in errors.
 * @returns Its parts, in order of declaration.
 * @throws {@link OptionsError} saying all that is wrong with the space.
 */
export function partsOf(space: ObservationSpace<unknown>, path: string): Part[] {
  const issues = new Issues(path);
  const named: unknown = space;
  if (isRecord(named) && typeof named['kind'] !== 'string') {
    const keys = Object.keys(named);
    if (keys.length === 0) {
      issues.add('', 'is an empty record.', 'Name at least one space; discrete(1) where there is nothing to see.');
    }
    for (const key of keys) {
      if (/^(0|[1-9]\d*)$/.test(key)) {
        issues.add(key, 'is a number, which JavaScript moves before the other keys.', 'Use a name.');
      }
      checkSpace(named[key], issues.at(key));
    }
  } else if (isRecord(named)) {
    checkSpace(named, issues);
  } else {
    issues.add('', `is ${show(named)}, not a space.`, 'Make it with discrete, multiDiscrete or box, or give a record of such spaces.');
  }
  issues.throwIfAny(OptionsError);
  return takeApart(space);
}

/**
 * @param space - A discrete or a multi-discrete space.
 * @param path - What it is called in errors.
 * @returns It.
 * @throws {@link OptionsError} for any other, and for more than 4096 combinations.
 */
export function checkedActions<A>(space: Space<A>, path = 'actionSpace'): Space<A> {
  const issues = new Issues(path);
  if (checkSpace(space, issues)) {
    const known = space as unknown as KnownSpace;
    const size = idsOf(known).reduce((product, next) => product * next, 1);
    if (known.kind === 'box') {
      issues.add('', 'is a box: actions are discrete here.', 'Use discrete, or multiDiscrete with some values of each number.');
    } else if (known.kind === 'multi-discrete' && size > MAX_ACTIONS) {
      const remedy = 'Use discrete, or multiDiscrete with fewer or smaller components.';
      issues.add('sizes', `have ${size} combinations, and ${MAX_ACTIONS} is the most.`, remedy);
    }
  }
  issues.throwIfAny(OptionsError);
  return space;
}

/**
 * @param space - A space, or a record of them.
 * @returns A text that is equal for spaces with the same values.
 */
export function spaceKey(space: ObservationSpace<unknown>): string {
  return JSON.stringify(
    partsOf(space, 'space').map(({ key, space: part }) => [
      key ?? null,
      part.kind,
      part.kind === 'box' ? [part.shape, Array.from(part.low, String), Array.from(part.high, String)] : sizesOf(part),
    ]),
  );
}

/**
 * @param space - A space.
 * @returns It as it would be written, shortened.
 */
export function showSpace(space: Space<unknown>): string {
  const known = space as KnownSpace;
  switch (known.kind) {
    case 'discrete':
      return `discrete(${known.n})`;
    case 'multi-discrete':
      return `multiDiscrete([${known.sizes.join(', ')}])`;
    default:
      return `box({ shape: [${known.shape.join(', ')}] })`;
  }
}
