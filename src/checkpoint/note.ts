import { DEFAULT_UPDATE, readUpdateOptions, type UpdateConfig } from '../algorithm/a2c.js';
import { plainSpace, readSpace, type Spaces } from '../spaces/plain.js';
import { type JsonData, recordFromJson } from '../util/json-data.js';
import { isRecord } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { type Use, useIn } from './use.js';

/** What this side writes into a checkpoint beside the numbers. */
export interface Note extends Use {
  /** Version of this record. */
  readonly format: 1;
  /** What it observes and does, where it was made for an environment. */
  readonly spaces?: Spaces;
  /** Coefficients of the updates. */
  readonly update: UpdateConfig;
  /** The caller's own. */
  readonly metadata?: JsonData | undefined;
}

/**
 * @param use - What the agent is made for.
 * @param update - Its coefficients.
 * @returns The record.
 */
export function makeNote(
  use: Omit<Note, 'format' | 'update' | 'spaces' | 'metadata'> & { readonly spaces?: Spaces | undefined },
  update: UpdateConfig,
): Note {
  const { task, vocabulary, stages, contextLength, spaces } = use;
  return { format: 1, task, vocabulary, stages, contextLength, ...(spaces === undefined ? {} : { spaces }), update };
}

/**
 * @param note - The record.
 * @returns JSON. `Infinity` is written as a string.
 */
export function writeNote(note: Note): string {
  const { spaces, metadata, ...rest } = note;
  const own = metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}}`;
  const plain =
    spaces === undefined ? {} : { observationSpace: plainSpace(spaces.observationSpace), actionSpace: plainSpace(spaces.actionSpace) };
  const text = JSON.stringify({ ...rest, ...plain }, (_key, value: unknown) => (value === Infinity ? 'Infinity' : value));
  return own === '' ? text : text.slice(0, -1) + own;
}

/**
 * Reads the record of a file; whatever is missing or of the wrong type is left out, the numbers' own header being what binds.
 *
 * @param text - JSON, or anything.
 * @returns The record.
 */
export function readNote(text: string): Note {
  const record = recordFromJson(text) ?? {};
  const stored = isRecord(record['update']) ? record['update'] : {};
  const update = Object.fromEntries(Object.entries(stored).map(([key, entry]) => [key, entry === 'Infinity' ? Infinity : entry]));
  const observationSpace = readSpace(record['observationSpace']);
  const actionSpace = readSpace(record['actionSpace']) as Spaces['actionSpace'] | undefined;
  return {
    format: 1,
    ...(observationSpace === undefined || actionSpace === undefined ? {} : { spaces: { observationSpace, actionSpace } }),
    ...useIn(record),
    update: readUpdateOptions(new OptionReader(update), DEFAULT_UPDATE),
    ...(record['metadata'] === undefined ? {} : { metadata: record['metadata'] as JsonData }),
  };
}
