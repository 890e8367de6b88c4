import { OptionsError } from '../errors/options-error.js';
import { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import type { NumberRule } from '../util/number-rule.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';

const SHAPES = ['constant', 'linear', 'cosine'] as const;

/** A number that changes while a stage is trained, by the share p of the stage that is done, 0 at its begin. Plain data. */
export interface Schedule {
  /**
   * - `constant`: `from`.
   * - `linear`: (1 − p)·from + p·to.
   * - `cosine`: to + (from − to)·(1 + cos πp)/2, which leaves `from` and comes to `to` gently.
   */
  readonly shape: (typeof SHAPES)[number];
  /** The value at the begin of a stage. */
  readonly from: number;
  /** The value at its end. */
  readonly to: number;
}

/** A number, or one that changes while a stage is trained. */
export type Scheduled = number | Schedule;

/**
 * A number that does not change.
 *
 * @param value - The number, finite.
 * @returns The schedule.
 * @throws {@link OptionsError} when it is not finite.
 */
export function constant(value: number): Schedule {
  return make('constant', { value }, value, value);
}

/**
 * A number that changes evenly over a stage: at the share p of it, (1 − p)·from + p·to.
 *
 * @param from - The value at the begin of a stage, finite.
 * @param to - The value at its end, finite.
 * @returns The schedule.
 * @throws {@link OptionsError} when one of them is not finite.
 */
export function linear(from: number, to: number): Schedule {
  return make('linear', { from, to }, from, to);
}

/**
 * A number that changes over a stage along half a cosine: at the share p of it, to + (from − to)·(1 + cos πp)/2 (Loshchilov and Hutter, 2017,
 * without restarts).
 *
 * @param from - The value at the begin of a stage, finite.
 * @param to - The value at its end, finite.
 * @returns The schedule.
 * @throws {@link OptionsError} when one of them is not finite.
 */
export function cosine(from: number, to: number): Schedule {
  return make('cosine', { from, to }, from, to);
}

/**
 * @param schedule - See {@link Schedule}.
 * @param progress - Share of the stage that is done, 0 to 1.
 * @returns The value there.
 */
export function valueAt({ shape, from, to }: Schedule, progress: number): number {
  switch (shape) {
    case 'linear':
      return (1 - progress) * from + progress * to;
    case 'cosine':
      return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
    default:
      return from;
  }
}

/**
 * Reads a number or a schedule. The end of a schedule that must be above 0 may be 0: training stops before it gets there.
 *
 * @param reader - Over what the caller passed.
 * @param key - Option.
 * @param fallback - Where absent or wrong.
 * @param rule - Range of every value.
 * @returns The schedule.
 */
export function readSchedule(reader: OptionReader, key: string, fallback: Schedule, rule: NumberRule): Schedule {
  const value = reader.raw(key);
  if (!isRecord(value)) {
    const number = reader.number(key, NaN, rule);
    return Number.isNaN(number) ? fallback : { shape: 'constant', from: number, to: number };
  }
  const { shape, from, to } = value;
  if (!SHAPES.some((known) => known === shape)) {
    reader.issues.add(key, `must be a number or a schedule, got ${show(value)}.`, REMEDY);
    return fallback;
  }
  const { above, ...rest } = rule;
  const ends = [
    ['from', from, rule],
    ['to', to, above === 0 ? { ...rest, min: 0 } : rule],
  ] as const;
  const wrong = ends.filter(([end, number, allowed]) => !reader.issues.at(key).number(end, number, allowed));
  return wrong.length === 0 ? (value as unknown as Schedule) : fallback;
}

const REMEDY = 'Pass a number, or what linear(), cosine() or constant() returned.';

function make(shape: Schedule['shape'], numbers: Readonly<Record<string, number>>, from: number, to: number): Schedule {
  const issues = new Issues();
  for (const [name, value] of Object.entries(numbers)) {
    issues.number(`${shape}.${name}`, value, {}, 'Pass a finite number.');
  }
  issues.throwIfAny(OptionsError);
  return Object.freeze({ shape, from, to });
}
