import { recordFromJson } from '../../util/json-data.js';
import { isArray, isRecord } from '../../util/kind.js';
import { numberIssue } from '../../util/number-rule.js';

/** What a stage was last measured at when a checkpoint was made; null where nothing says. */
export interface CheckpointMetrics {
  readonly success_rate: number | null;
  readonly mean_return: number | null;
}

/** A checkpoint of a folder. */
export interface CheckpointEntry {
  readonly file: string;
  readonly number: number;
  readonly token: number;
  /** Of its bytes, in hexadecimal digits; those that its name has where no list says more. */
  readonly sha256: string;
  readonly bytes: number;
  /** Iterations of the run that were done. */
  readonly iteration: number;
  /** Place of the stage in the run. */
  readonly index: number;
  readonly stage: string;
  readonly metrics: CheckpointMetrics;
}

/** The list of a folder's checkpoints. */
export interface Manifest {
  readonly version: 1;
  /** Of the writer. */
  readonly token: number;
  /** The oldest first. */
  readonly checkpoints: readonly CheckpointEntry[];
}

/** @param manifest - A list. @returns JSON. */
export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @param text - Anything. @returns The list; undefined where it is none, or a part of it is not what it must be. */
export function readManifest(text: string): Manifest | undefined {
  const value = recordFromJson(text);
  if (value?.['version'] !== 1 || !isCount(value['token']) || !isArray(value['checkpoints'])) {
    return undefined;
  }
  const checkpoints = value['checkpoints'];
  return checkpoints.every(isEntry) ? { version: 1, token: value['token'], checkpoints } : undefined;
}

function isEntry(value: unknown): value is CheckpointEntry {
  return (
    isRecord(value) &&
    typeof value['file'] === 'string' &&
    typeof value['stage'] === 'string' &&
    typeof value['sha256'] === 'string' &&
    ['number', 'token', 'bytes', 'iteration', 'index'].every((key) => isCount(value[key])) &&
    isRecord(value['metrics']) &&
    isMetric(value['metrics']['success_rate']) &&
    isMetric(value['metrics']['mean_return'])
  );
}

function isCount(value: unknown): value is number {
  return numberIssue(value, { integer: true, min: 0, max: Number.MAX_SAFE_INTEGER }) === undefined;
}

function isMetric(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}
