import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describeMachine, type Machine } from './machine.js';
import { ROOT } from './peers-folder.js';

/** Folder of what the bench writes. */
export const RESULTS = `${ROOT}docs/benchmarks/`;

/** What every result file begins with. */
export interface Measured {
  /** The command that made it. */
  readonly command: string;
  readonly machine: Machine;
}

/**
 * Writes results, with command and machine.
 *
 * @param name - File name without `.json`.
 * @param command - The command that made it.
 * @param results - The rest.
 */
export function writeResults<T extends object>(name: string, command: string, results: T): void {
  mkdirSync(RESULTS, { recursive: true });
  const all: Measured & T = { command, machine: describeMachine(), ...results };
  writeFileSync(`${RESULTS}${name}.json`, `${JSON.stringify(all, rounded, 1)}\n`);
}

/**
 * @param name - File name without `.json`.
 * @returns What was written last, or `undefined`.
 */
export function readResults<T extends object>(name: string): (Measured & T) | undefined {
  const file = `${RESULTS}${name}.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Measured & T) : undefined;
}

/** Four digits: more would be noise. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
