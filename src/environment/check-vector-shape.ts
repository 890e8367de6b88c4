import { EnvironmentError } from '../errors/environment-error.js';
import { Issues } from '../util/issues.js';
import { isArray, isFloat32Array, isInt32Array, isRecord, isUint8Array } from '../util/kind.js';
import { COUNT } from '../util/number-rule.js';
import { show } from '../util/show.js';
import { checkAlgorithmOptions, checkStages, throwIssues } from './common.js';
import type { VectorEnvironment } from './vector-environment.js';

const KINDS = { Float32Array: isFloat32Array, Int32Array: isInt32Array, Uint8Array: isUint8Array } as const;

/**
 * Refuses a vector environment whose sizes do not fit each other.
 *
 * @param vector - What a factory made.
 * @param size - The rows asked for.
 * @throws {@link EnvironmentError} saying all that is wrong.
 */
export function checkVectorShape(vector: VectorEnvironment, size: number): void {
  const issues = new Issues('environment');
  try {
    checkMembers(vector, size, issues);
  } catch (error) {
    throw EnvironmentError.wrap(error, { path: 'environment' });
  }
  throwIssues(issues);
}

function checkMembers(vector: VectorEnvironment, size: number, issues: Issues): void {
  const loose = vector as Readonly<Record<keyof VectorEnvironment, unknown>>;
  if (loose.size !== size) {
    issues.add(
      'size',
      `is ${show(loose.size)}, and ${size} were asked for.`,
      'Make as many rows as the second argument of the factory says.',
    );
  }
  for (const name of ['reset', 'step'] as const) {
    if (typeof loose[name] !== 'function') {
      issues.add(name, 'is not a function.', 'Implement the interface VectorEnvironment.');
    }
  }
  if (loose.close !== undefined && typeof loose.close !== 'function') {
    issues.add('close', 'is not a function.', 'Leave it out, or give a function.');
  }
  if (typeof loose.masked !== 'boolean') {
    issues.add('masked', `is ${show(loose.masked)}.`, 'Use true or false.');
  }
  checkStages(loose.stages, issues);
  checkAlgorithmOptions(loose.algorithmOptions, issues);
  const counted = issues.number('actionCount', loose.actionCount, COUNT, 'Say how many actions there are.');
  const widths = checkLayout(loose.layout, issues.at('layout'));
  if (issues.list.length > 0 || !counted || widths === undefined) {
    // Lengths only mean something where the sizes do.
    return;
  }
  const { dense, discrete } = widths;
  const array = (name: keyof VectorEnvironment, kind: keyof typeof KINDS, width: number): void => {
    const value = loose[name];
    if (!KINDS[kind](value) || value.length !== size * width) {
      const found = KINDS[kind](value) ? `has ${value.length} entries.` : `is ${show(value)}.`;
      issues.add(name, found, `Make it a ${kind} of ${size} × ${width}, once.`);
    }
  };
  array('dense', 'Float32Array', dense);
  array('finalDense', 'Float32Array', dense);
  array('discrete', 'Int32Array', discrete);
  array('finalDiscrete', 'Int32Array', discrete);
  array('rewards', 'Float32Array', 1);
  for (const name of ['terminated', 'truncated', 'successes'] as const) {
    array(name, 'Uint8Array', 1);
  }
  if (loose.masked === true) {
    array('actionMask', 'Uint8Array', vector.actionCount);
  } else if (loose.actionMask !== undefined) {
    issues.add('actionMask', 'is there, though masked is false.', 'Leave it undefined, or set masked to true.');
  }
}

function checkLayout(layout: unknown, issues: Issues): { dense: number; discrete: number } | undefined {
  if (!isRecord(layout)) {
    issues.add('', `is ${show(layout)}.`, 'Make it with layoutOf.');
    return undefined;
  }
  const { dense, discrete, low, high } = layout;
  const before = issues.list.length;
  if (issues.number('dense', dense, { integer: true, min: 0, max: COUNT.max })) {
    for (const [name, bounds] of [['low', low] as const, ['high', high] as const]) {
      if (!isFloat32Array(bounds) || bounds.length !== dense) {
        issues.add(name, `is ${show(bounds)}.`, `Make it a Float32Array of ${dense}.`);
      }
    }
  }
  if (!isArray(discrete)) {
    issues.add('discrete', `is ${show(discrete)}.`, 'List how many values each id has.');
    return undefined;
  }
  for (const [index, size] of discrete.entries()) {
    issues.number(`discrete[${index}]`, size, COUNT, 'Say how many values the id has.');
  }
  return issues.list.length === before ? { dense: dense as number, discrete: discrete.length } : undefined;
}
