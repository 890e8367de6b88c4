import { isArray, isRecord } from '../util/kind.js';
import { type KnownSpace, sizesOf } from './layout.js';
import { box, discrete, multiDiscrete } from './make.js';
import type { ObservationSpace, Space } from './space.js';

/** What a network observes and does. */
export interface Spaces {
  /** What its observations are one of. */
  readonly observationSpace: ObservationSpace<unknown>;
  /** What its actions are one of. */
  readonly actionSpace: Space<unknown>;
}

/**
 * @param space - A space, or a record of them.
 * @returns The same as JSON can hold it: a bound of a box is one number where all are alike, and infinite bounds are texts.
 */
export function plainSpace(space: ObservationSpace<unknown>): unknown {
  return 'kind' in space && typeof space.kind === 'string'
    ? plainOne(space as KnownSpace)
    : Object.fromEntries(
        Object.entries(space as Readonly<Record<string, Space<unknown>>>).map(([key, part]) => [key, plainOne(part as KnownSpace)]),
      );
}

/**
 * @param value - What {@link plainSpace} returned, or anything.
 * @returns The space; undefined where it says none.
 */
export function readSpace(value: unknown): ObservationSpace<unknown> | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  try {
    return typeof value['kind'] === 'string'
      ? readOne(value)
      : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, readOne(part as Readonly<Record<string, unknown>>)]));
  } catch {
    return undefined;
  }
}

function plainOne(space: KnownSpace): unknown {
  return space.kind === 'box'
    ? { kind: 'box', shape: space.shape, low: plainBound(space.low), high: plainBound(space.high) }
    : { kind: space.kind, ...(space.kind === 'discrete' ? { n: space.n } : { sizes: sizesOf(space) }) };
}

function plainBound(bounds: Float32Array): unknown {
  const plain = Array.from(bounds, (bound) => (Number.isFinite(bound) ? bound : String(bound)));
  return plain.every((bound) => bound === plain[0]) ? plain[0] : plain;
}

function readOne({ kind, n, sizes, shape, low, high }: Readonly<Record<string, unknown>>): Space<unknown> {
  switch (kind) {
    case 'discrete':
      return discrete(n as number);
    case 'multi-discrete':
      return multiDiscrete(sizes as readonly number[]) as Space<unknown>;
    default:
      return box({ shape: shape as readonly number[], low: readBound(low), high: readBound(high) }) as Space<unknown>;
  }
}

function readBound(bound: unknown): number | number[] {
  return isArray(bound) ? bound.map(Number) : Number(bound);
}
