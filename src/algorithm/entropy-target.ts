import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { readSchedule, type Schedule, type Scheduled, valueAt } from './schedule.js';

/** The mean entropy that a policy is held at, in one of two units. */
export type EntropyTarget =
  | {
      /** Nats, at least 0. */
      readonly nats: Scheduled;
      /** Absent: the other unit. */
      readonly share?: undefined;
    }
  | {
      /** Share of the largest entropy there is, log of the number of actions; 0 to 1. */
      readonly share: Scheduled;
      /** Absent: the other unit. */
      readonly nats?: undefined;
    };

/** {@link EntropyTarget}, checked. */
export interface EntropyTargetConfig {
  readonly unit: 'nats' | 'share';
  readonly schedule: Schedule;
}

/** How fast the coefficient follows: it changes by this factor's exponential when the entropy is off by all there is. */
const RATE = 0.1;
const LEAST = 1e-6;
const MOST = 1;

/**
 * @param value - What the caller passed.
 * @param issues - Where issues are added, at the option's own place.
 * @returns The target, or `undefined` where absent or wrong.
 */
export function readEntropyTarget(value: unknown, issues: Issues): EntropyTargetConfig | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isRecord(value)) {
    issues.add('', `must be { nats } or { share }, got ${show(value)}.`, 'Pass such as { share: 0.3 }.');
    return undefined;
  }
  const reader = new OptionReader(value, issues);
  const [nats, share] = [reader.has('nats'), reader.has('share')];
  reader.finish();
  if (nats === share) {
    issues.add('', nats ? 'cannot give both nats and share.' : 'must give nats or share.', 'Pass such as { share: 0.3 }.');
    return undefined;
  }
  const unit = nats ? 'nats' : 'share';
  const rule = nats ? { min: 0, single: true } : { min: 0, max: 1 };
  return { unit, schedule: readSchedule(reader, unit, { shape: 'constant', from: 0, to: 0 }, rule) };
}

/**
 * The next entropy coefficient of a policy that is held at an entropy: coef · exp(0.1 · (target − entropy) / log A), within 1e-6 and 1. It grows
 * while the entropy is below the target and falls while it is above.
 *
 * @param coef - The coefficient of the update just made, above 0.
 * @param entropy - The policy's mean entropy in that update, nats.
 * @param target - What it is held at.
 * @param progress - Share of the stage that is done, 0 to 1.
 * @param actions - How many actions there are, `A`.
 * @returns The coefficient of the next update.
 */
export function followEntropy(
  coef: number,
  entropy: number,
  { unit, schedule }: EntropyTargetConfig,
  progress: number,
  actions: number,
): number {
  const most = Math.log(actions);
  if (most === 0) {
    return coef;
  }
  const target = valueAt(schedule, progress) * (unit === 'share' ? most : 1);
  return Math.min(Math.max(coef * Math.exp((RATE * (target - entropy)) / most), LEAST), MOST);
}
