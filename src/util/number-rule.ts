import { show } from './show.js';

/** The range of a number. */
export interface NumberRule {
  /** Smallest value allowed. */
  readonly min?: number;
  /** All values above this one are allowed, it is not. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** All values below this one are allowed, it is not. */
  readonly below?: number;
  /** Only whole numbers. */
  readonly integer?: boolean;
  /** Whether Infinity is allowed. */
  readonly infinite?: boolean;
  /** Whether it is judged in 32 bits, as the kernels compute with it: 1e39 is infinite there, and 1e-46 is 0. */
  readonly single?: boolean;
}

/** Of whatever is counted and takes memory: problems, samples, rows. */
export const COUNT = { integer: true, min: 1, max: 2 ** 20 } as const satisfies NumberRule;

/**
 * @param value - Anything.
 * @param rule - Range.
 * @returns What is wrong with it, or `undefined`.
 */
export function numberIssue(value: unknown, rule: NumberRule): string | undefined {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity, integer = false, infinite = false, single = false } = rule;
  const judged = single && typeof value === 'number' ? Math.fround(value) : value;
  const good =
    typeof judged === 'number' &&
    (Number.isFinite(judged) || (infinite && judged === Infinity)) &&
    (!integer || Number.isSafeInteger(judged)) &&
    judged >= min &&
    (judged > above || above === -Infinity) &&
    judged <= max &&
    (judged < below || below === Infinity);
  return good ? undefined : `must be ${describeRule(rule)}, got ${show(value)}.`;
}

/**
 * @param rule - Range.
 * @returns It in words, to follow "must be".
 */
export function describeRule({ min, above, below, integer = false, infinite = false, single = false, ...rule }: NumberRule): string {
  const max = rule.max ?? (integer ? Number.MAX_SAFE_INTEGER : undefined);
  const bounds = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}${single ? ' when rounded to them' : ''}`]),
  ];
  const number = infinite ? 'a number' : 'a finite number';
  const real = single ? `${number} that 32 bits can hold (1.4e-45 to 3.4e+38 in size)` : number;
  const kind = integer ? 'an integer' : real;
  const join = single ? ', ' : ' of ';
  const of = !single && min === undefined && above !== undefined ? ' ' : join;
  return bounds.length === 0 ? kind : `${kind}${of}${bounds.join(' and ')}`;
}
