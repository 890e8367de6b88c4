import { EnvironmentError } from '../errors/environment-error.js';
import { isRecord } from '../util/kind.js';
import { COUNT } from '../util/number-rule.js';
import { readOptions } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { CheckedVector } from './checked-vector.js';
import { closeAll } from './close-all.js';
import { commonOf, requireAlike } from './common.js';
import type { Environment, EnvironmentFactory, VectorEnvironmentFactory } from './environment.js';
import type { GuardedVector } from './guarded-vector.js';
import type { Common } from './rows.js';
import { SideBySide } from './side-by-side.js';
import type { VectorEnvironment } from './vector-environment.js';

/** Options of {@link vectorize}. */
export interface VectorizeOptions {
  /** How many environments, `E`, 1 to 2²⁰. */
  readonly size: number;
  /**
   * Milliseconds that a step, a reset or a close of asynchronous environments may take, 1 to 2³¹ − 1: what has not settled by then is an
   * error.
   *
   * @defaultValue none: they are waited for without end
   */
  readonly stepTimeout?: number | undefined;
}

/**
 * Makes environments and steps them side by side, as one {@link VectorEnvironment}. Every value that they give is looked at and copied at
 * once.
 *
 * Environments that answer with values are stepped without a promise; those that answer with promises are all started and then awaited, and
 * the order in which they answer changes nothing. Where one fails, the others finish their step, and the next step begins another episode
 * of the one that failed.
 *
 * A factory may also make a {@link VectorEnvironment} of its own, of the size asked for; it is looked at in the same way.
 *
 * @param factory - Called once an environment, with its index and the size. Each call must give a new object.
 * @param options - See {@link VectorizeOptions}.
 * @returns The environments, none of which has an episode yet: `reset` comes first.
 * @throws {@link EnvironmentError} for a factory that throws, for environments that are none, the same or not alike; those made are closed.
 * Later, by `reset` and `step`, for whatever an environment throws and for values that are none of its spaces, naming environment, episode
 * and step.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export async function vectorize(
  factory: EnvironmentFactory | VectorEnvironmentFactory,
  options: VectorizeOptions,
): Promise<VectorEnvironment> {
  return makeVector(factory, options, false);
}

/**
 * The same, for a trainer.
 *
 * @param factory - As for {@link vectorize}.
 * @param options - The same.
 * @param resumable - Whether what is done in the episodes under way is written down, so that they can be saved.
 * @returns The environments.
 */
export async function makeVector(
  factory: EnvironmentFactory | VectorEnvironmentFactory,
  options: VectorizeOptions,
  resumable: boolean,
): Promise<GuardedVector> {
  const { size, stepTimeout } = readOptions(options, (reader) => ({
    size: reader.issues.number('size', reader.raw('size'), COUNT, 'Pass how many environments, 1 to 2²⁰.')
      ? (reader.raw('size') as number)
      : 0,
    stepTimeout: reader.has('stepTimeout') ? reader.number('stepTimeout', 1, { min: 1, max: 2 ** 31 - 1 }) : undefined,
  }));
  if (typeof factory !== 'function') {
    throw new EnvironmentError(`is ${show(factory)}, not a function.`, {
      path: 'environment',
      remedy: 'Pass a function that makes an environment: () => new Lift().',
    });
  }
  const made: unknown[] = [];
  try {
    made.push(await make(factory, 0, size));
    if (isVector(made[0])) {
      return new CheckedVector(made[0], size, stepTimeout);
    }
    await makeOthers(factory, size, made);
    return new SideBySide(made as Environment[], readAll(made as Environment[]), { timeout: stepTimeout, resumable });
  } catch (error) {
    // What is being thrown already says more than that closing failed too.
    await closeAll(made.filter(isRecord), stepTimeout).catch(() => undefined);
    throw error;
  }
}

async function make(factory: (index: number, size: number) => unknown, index: number, size: number): Promise<unknown> {
  try {
    return await factory(index, size);
  } catch (error) {
    throw EnvironmentError.wrap(error, { path: 'environment', environment: index });
  }
}

/** All are begun before one is awaited, up to the first that throws at once. Throws for the first that failed, when all are there. */
async function makeOthers(factory: (index: number, size: number) => unknown, size: number, made: unknown[]): Promise<void> {
  const making: Promise<unknown>[] = [];
  let failed = false;
  for (let index = 1; index < size && !failed; index += 1) {
    let result: unknown;
    try {
      result = factory(index, size);
    } catch (error) {
      failed = true;
      result = Promise.reject(error);
    }
    making.push(make(() => result, index, size));
  }
  const settled = await Promise.allSettled(making);
  made.push(...settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined)));
  const rejected = settled.find((each) => each.status === 'rejected');
  if (rejected !== undefined) {
    throw rejected.reason;
  }
}

function readAll(environments: readonly Environment[]): Common {
  const [first] = environments as readonly [Environment];
  const common = commonOf(first, 0);
  const rows = new Map<Environment, number>();
  for (const [row, environment] of environments.entries()) {
    const same = rows.get(environment);
    if (same !== undefined) {
      throw new EnvironmentError(`is the same object as environment ${same}: each needs an episode of its own.`, {
        path: 'environment',
        remedy: 'Make a new one in each call: () => new Lift().',
        environment: row,
      });
    }
    rows.set(environment, row);
    if (row > 0) {
      commonOf(environment, row);
      requireAlike(first, environment, row);
    }
  }
  return common;
}

function isVector(value: unknown): value is VectorEnvironment {
  return isRecord(value) && 'size' in value && !('observationSpace' in value);
}
