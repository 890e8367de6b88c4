import type { BoxSpace, DiscreteSpace, MultiDiscreteSpace, ObservationSpace } from './space.js';

// What spaces are made of, for who knows that they are spaces; `layout.ts` looks first.

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
 * @param space - A space, or a record of them.
 * @returns Its parts, in order of declaration.
 */
export function takeApart(space: ObservationSpace<unknown>): Part[] {
  let dense = 0;
  let discrete = 0;
  const entries: [string | undefined, unknown][] =
    'kind' in space && typeof space.kind === 'string' ? [[undefined, space]] : Object.entries(space);
  return entries.map(([key, value]) => {
    const known = value as KnownSpace;
    const box = known.kind === 'box';
    const part = { key, space: known, at: box ? dense : discrete };
    dense += box ? known.low.length : 0;
    discrete += idsOf(known).length;
    return part;
  });
}

/** @param space - A space. @returns How many values each of its ids has; none for a box. */
export function idsOf(space: KnownSpace): readonly number[] {
  return space.kind === 'box' ? [] : sizesOf(space);
}

/**
 * @param space - A space of integers.
 * @returns How many values each of its ids has.
 */
export function sizesOf(space: DiscreteSpace | MultiDiscreteSpace): readonly number[] {
  return space.kind === 'discrete' ? [space.n] : space.sizes;
}
