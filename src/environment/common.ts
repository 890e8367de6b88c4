import { EnvironmentError } from '../errors/environment-error.js';
import { InnateError } from '../errors/innate-error.js';
import { joinIssues } from '../errors/issue.js';
import type { OptionsError } from '../errors/options-error.js';
import { ActionCodec } from '../spaces/action-codec.js';
import { checkedActions, layoutOf, spaceKey } from '../spaces/layout.js';
import { ObservationWriter } from '../spaces/observation-writer.js';
import { Issues } from '../util/issues.js';
import { isArray, isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import type { Environment } from './environment.js';
import type { Common } from './rows.js';

/** Stages of an environment that names none. */
const ONE_STAGE: readonly string[] = Object.freeze(['default']);

/**
 * Reads what an environment says of itself.
 *
 * @param environment - What a factory made.
 * @param row - Which environment it is.
 * @returns It, for all environments that say the same.
 * @throws {@link EnvironmentError} saying all that is wrong.
 */
export function commonOf(environment: Environment, row: number): Common {
  try {
    const issues = new Issues('environment');
    checkMembers(environment, issues);
    throwIssues(issues, row);
    const { observationSpace, actionSpace, stages = ONE_STAGE, masked = true, algorithmOptions } = environment;
    return {
      spaces: { observationSpace, actionSpace },
      layout: layoutOf(observationSpace, 'environment.observationSpace'),
      writer: new ObservationWriter(observationSpace),
      codec: new ActionCodec(checkedActions(actionSpace, 'environment.actionSpace')),
      stages: Object.freeze([...stages]),
      masked,
      algorithmOptions,
    };
  } catch (error) {
    if (InnateError.isInstance(error) && error.code === 'ERR_OPTIONS') {
      const { path, message, remedy } = joinIssues((error as OptionsError).issues);
      throw new EnvironmentError(message, { path, remedy, environment: row });
    }
    throw EnvironmentError.wrap(error, { path: 'environment', environment: row });
  }
}

/**
 * Refuses an environment that is not like the first one.
 *
 * @param first - The environment of row 0.
 * @param other - Another.
 * @param row - Which one.
 * @throws {@link EnvironmentError} naming what differs.
 */
export function requireAlike(first: Environment, other: Environment, row: number): void {
  const differs: string | undefined = (['observationSpace', 'actionSpace'] as const).find(
    (name) => spaceKey(first[name] as Environment['observationSpace']) !== spaceKey(other[name] as Environment['observationSpace']),
  );
  const stages = ({ stages = ONE_STAGE, masked = true }: Environment): string => JSON.stringify([stages, masked]);
  const what = differs ?? (stages(first) === stages(other) ? undefined : 'stages');
  if (what !== undefined) {
    throw new EnvironmentError('differs from that of environment 0.', {
      path: `environment.${what}`,
      remedy: 'Make all of them alike: one network acts in all.',
      environment: row,
    });
  }
}

/**
 * @param issues - What is wrong with an environment.
 * @param row - Which one; undefined where it is about all of them.
 * @throws {@link EnvironmentError} saying all of it, where there is anything.
 */
export function throwIssues(issues: Issues, row?: number): void {
  if (issues.list.length > 0) {
    const { path, message, remedy } = joinIssues(issues.list);
    throw new EnvironmentError(message, { path, remedy, environment: row });
  }
}

/** Adds an issue where there are no names of stages, each of its own. */
export function checkStages(value: unknown, issues: Issues): void {
  const names = isArray(value) ? value : [];
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '') || new Set(names).size < names.length) {
    issues.add('stages', `must be names, each of its own, got ${show(value)}.`, 'Give at least one name, each different.');
  }
}

/** Adds an issue where a value is there and is no record of options. */
export function checkAlgorithmOptions(value: unknown, issues: Issues): void {
  if (value !== undefined && !isRecord(value)) {
    issues.add('algorithmOptions', `is ${show(value)}.`, 'Give an object with named options, or leave it out.');
  }
}

function checkMembers(environment: unknown, issues: Issues): void {
  if (!isRecord(environment)) {
    issues.add('', `is ${show(environment)}.`, 'Return an object with observationSpace, actionSpace, reset and step.');
    return;
  }
  for (const name of ['reset', 'step']) {
    if (typeof environment[name] !== 'function') {
      issues.add(name, 'is not a function.', 'Implement the interface Environment.');
    }
  }
  for (const name of ['actionMask', 'close', 'getState', 'setState']) {
    if (environment[name] !== undefined && typeof environment[name] !== 'function') {
      issues.add(name, 'is not a function.', 'Leave it out, or give a function.');
    }
  }
  const { stages, masked, algorithmOptions } = environment as Readonly<Record<keyof Environment, unknown>>;
  if (stages !== undefined) {
    checkStages(stages, issues);
  }
  if (masked !== undefined && typeof masked !== 'boolean') {
    issues.add('masked', `is ${show(masked)}.`, 'Use true or false, or leave it out.');
  }
  checkAlgorithmOptions(algorithmOptions, issues);
}
