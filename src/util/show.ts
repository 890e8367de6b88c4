import { isArray } from './kind.js';

/**
 * @param value - Anything.
 * @returns It in a few characters, for a message.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) {
    return String(value);
  }
  if (isArray(value)) {
    return `an array of ${value.length}`;
  }
  if (typeof value === 'object') {
    return `an object (${className(value) ?? 'no prototype'})`;
  }
  return typeof value === 'bigint' ? `${value}n` : `a ${typeof value}`;
}

/**
 * @param thrown - Anything that was thrown.
 * @returns It in one clause, for a message: `RangeError: out of order`.
 */
export function showThrown(thrown: unknown): string {
  try {
    const { name, message } = thrown as { readonly name?: unknown; readonly message?: unknown };
    if (typeof name === 'string' && typeof message === 'string') {
      return `${name}: ${message}`.replace(/\.$/, '');
    }
  } catch {
    // No object, or one that cannot be read.
  }
  return show(thrown);
}

function className(value: object): string | undefined {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return 'unreadable';
  }
}
