import { OptionsError } from '../errors/options-error.js';
import { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { checkSpace } from './check.js';
import type { BoxSpace, DiscreteSpace, MultiDiscreteSpace, ObservationSpace, Space } from './space.js';

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

/** A space that is known by its `kind`. */
export type KnownSpace = DiscreteSpace | MultiDiscreteSpace | BoxSpace;

/** A space within an observation, and where its values begin. */
export interface Part {
  /** Key of the record; undefined where the observation is of one space. */
  readonly key: string | undefined;
  /** The space. */
  readonly space: KnownSpace;
  /** Where its values begin: among the numbers for a box, among the ids otherwise. */
  readonly at: number;
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
  const boxes: BoxSpace[] = [];
  const discrete: number[] = [];
  for (const part of partsOf(space, path)) {
    if (part.space.kind === 'box') {
      boxes.push(part.space);
    } else {
      discrete.push(...sizesOf(part.space));
    }
  }
  const dense = boxes.reduce((sum, { low }) => sum + low.length, 0);
  const low = new Float32Array(dense);
  const high = new Float32Array(dense);
  let at = 0;
  for (const part of boxes) {
    low.set(part.low, at);
    high.set(part.high, at);
    at += part.low.length;
  }
  return { dense, discrete, low, high };
}

/**
 * @param space - A space of integers.
 * @returns How many values each of its ids has.
 */
export function sizesOf(space: DiscreteSpace | MultiDiscreteSpace): readonly number[] {
  return space.kind === 'discrete' ? [space.n] : space.sizes;
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
  const parts: Part[] = [];
  let dense = 0;
  let discrete = 0;
  const add = (key: string | undefined, value: unknown, place: Issues): void => {
    if (checkSpace(value, place)) {
      const known = value as KnownSpace;
      parts.push({ key, space: known, at: known.kind === 'box' ? dense : discrete });
      dense += known.kind === 'box' ? known.low.length : 0;
      discrete += known.kind === 'box' ? 0 : sizesOf(known).length;
    }
  };
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
      add(key, named[key], issues.at(key));
    }
  } else if (isRecord(named)) {
    add(undefined, named, issues);
  } else {
    issues.add('', `is ${show(named)}, not a space.`, 'Make it with discrete, multiDiscrete or box, or give a record of such spaces.');
  }
  issues.throwIfAny(OptionsError);
  return parts;
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
