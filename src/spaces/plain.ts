import { isArray, isRecord } from '../util/kind.js';
import { COUNT, numberIssue } from '../util/number-rule.js';
import { type KnownSpace, sizesOf } from './parts.js';
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
 * @param numbers - How many numbers its boxes have; absent: any. Nothing is made of a space of more: a few bytes can name one of millions.
 * @returns The space; undefined where it says none.
 */
export function readSpace(value: unknown, numbers?: number): ObservationSpace<unknown> | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  let left = numbers ?? Infinity;
  const readPart = (part: unknown): Space<unknown> => {
    const { kind, shape } = part as Readonly<Record<string, unknown>>;
    const count = kind === 'box' && areCounts(shape) ? shape.reduce((product, size) => product * size, 1) : 0;
    left -= count;
    if (left < 0) {
      throw new RangeError('too many numbers');
    }
    return readOne(part as Readonly<Record<string, unknown>>, count);
  };
  try {
    const space =
      typeof value['kind'] === 'string'
        ? readPart(value)
        : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, readPart(part)]));
    return numbers === undefined || left === 0 ? space : undefined;
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

/** What `make.ts` would make, or nothing. What is wrong with it is for nobody to mend. */
function readOne({ kind, n, sizes, shape, low, high }: Readonly<Record<string, unknown>>, count: number): Space<unknown> {
  if (kind === 'discrete' && isCount(n)) {
    return Object.freeze({ kind, n });
  }
  if (kind === 'multi-discrete' && areCounts(sizes)) {
    return Object.freeze({ kind, sizes: Object.freeze([...sizes]) });
  }
  if (isCount(count)) {
    const [lows, highs] = [readBound(low, count), readBound(high, count)];
    if (lows.every((bound, at) => bound <= (highs[at] as number) && bound < Infinity && (highs[at] as number) > -Infinity)) {
      return Object.freeze({ kind: 'box', shape: Object.freeze([...(shape as number[])]), low: lows, high: highs });
    }
  }
  throw new RangeError('no space');
}

function isCount(value: unknown): value is number {
  return numberIssue(value, COUNT) === undefined;
}

function areCounts(values: unknown): values is readonly number[] {
  return isArray(values) && values.length > 0 && values.every(isCount);
}

/** A number for all, or one a number; numbers that are none where it says neither. */
function readBound(bound: unknown, count: number): Float32Array {
  if (isArray(bound) && bound.length !== count) {
    throw new RangeError('no bound');
  }
  return new Float32Array(count).map((_, at) => Number(isArray(bound) ? bound[at] : bound));
}
