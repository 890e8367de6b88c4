import { readData } from '../util/data-text.js';
import { recordFromJson } from '../util/json-data.js';
import { isArray, isRecord } from '../util/kind.js';
import type { CheckpointFile, FileTensor } from './checkpoint-file.js';
import { columns } from './help.js';

/** What a file holds, for people and as JSON. */
export interface CheckpointContents {
  readonly bytes: number;
  readonly version: string | undefined;
  readonly model: unknown;
  readonly rollout: unknown;
  readonly optimizer: unknown;
  readonly streams: unknown;
  readonly normalization: unknown;
  /** Task, tokens, stages, spaces and coefficients. */
  readonly note: Readonly<Record<string, unknown>>;
  /** The caller's own. */
  readonly metadata: unknown;
  /** What goes on, where the file is of a run. */
  readonly run: RunContents | undefined;
  /** Sections of other makers, or of newer releases. */
  readonly otherSections: readonly string[];
  /** Weights, without the optimizer's moments. */
  readonly parameters: number;
  /** Of all tensors' numbers. */
  readonly sha256: string;
  readonly tensors: readonly FileTensor[];
}

/** How far a run is. */
export interface RunContents {
  readonly kind: unknown;
  readonly iterations: unknown;
  readonly events: unknown;
  readonly seconds: unknown;
  /** Place of the stage in the run. */
  readonly entry: unknown;
  readonly stages: unknown;
  readonly options: unknown;
}

const KNOWN = ['format', 'version', 'model', 'rollout', 'optimizer', 'streams', 'normalization', 'note', 'trainer', 'trainer.of'];

/** @param file - What a file holds. @returns The same, read. What cannot be read is left out. */
export function contentsOf({ bytes, sections, tensors, sha256 }: CheckpointFile): CheckpointContents {
  const { metadata, ...note } = recordFromJson(sections['note']) ?? {};
  const weights = tensors.filter(({ name }) => !name.startsWith('adam.'));
  return {
    bytes,
    version: sections['version'],
    model: recordFromJson(sections['model']),
    rollout: recordFromJson(sections['rollout']),
    optimizer: recordFromJson(sections['optimizer']),
    streams: recordFromJson(sections['streams']),
    normalization: recordFromJson(sections['normalization']),
    note,
    metadata,
    run: runOf(sections['trainer']),
    otherSections: Object.keys(sections).filter((name) => !KNOWN.includes(name)),
    parameters: weights.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0),
    sha256,
    tensors,
  };
}

function runOf(text: string | undefined): RunContents | undefined {
  if (text === undefined) {
    return undefined;
  }
  try {
    const value = readData(text) as { readonly setup: Readonly<Record<string, unknown>>; readonly run: Readonly<Record<string, unknown>> };
    const { kind, stages, options } = value.setup;
    const progress = value.run['progress'] as Readonly<Record<string, unknown>>;
    const place = progress['place'] as Readonly<Record<string, unknown>>;
    const { iterations, seconds } = progress;
    return { kind, iterations, events: value.run['events'], seconds, entry: place['entry'], stages, options };
  } catch {
    return undefined;
  }
}

/** @param contents - What a file holds. @returns It in lines. */
export function describeContents({
  bytes,
  version,
  model,
  rollout,
  streams,
  normalization,
  note,
  metadata,
  run,
  ...rest
}: CheckpointContents): string[] {
  const { otherSections, parameters, sha256, tensors } = rest;
  const moments = tensors.length - tensors.filter(({ name }) => !name.startsWith('adam.')).length;
  const rows: (readonly [string, unknown])[] = [
    ['bytes', bytes.toLocaleString('en-US')],
    ['version', version],
    ['model', model],
    ['rollout', rollout],
    ['streams', streams],
    ['normalization', normalization && 'running statistics'],
    ['task', note['task']],
    ['tokens', listed(note['vocabulary'])],
    ['stages', listed(note['stages'])],
    ['observes', note['observationSpace']],
    ['acts', note['actionSpace']],
    ['metadata', metadata],
    ['run', run && `${String(run.kind)}, ${String(run.iterations)} iterations, ${String(run.events)} events`],
    ['run stages', run?.stages],
    ['run options', run?.options],
    ['other sections', otherSections.length === 0 ? undefined : otherSections.join(', ')],
    ['weights', `${parameters.toLocaleString('en-US')}${moments === 0 ? '' : `, and moments of Adam in ${moments} tensors`}`],
    ['sha256', sha256],
  ];
  const shown = rows.filter(([, value]) => value !== undefined).map(([name, value]) => [name, text(value)] as const);
  const weights = tensors.filter(({ name }) => !name.startsWith('adam.'));
  return [...columns(shown), '', ...columns(weights.map(({ name, shape }) => [name, `[${shape.join(', ')}]`] as const))];
}

function listed(value: unknown): string | undefined {
  return isArray(value) ? `${value.length}: ${value.slice(0, 20).join(' ')}${value.length > 20 ? ' …' : ''}` : undefined;
}

function text(value: unknown): string {
  return isRecord(value) || isArray(value) ? JSON.stringify(value) : String(value);
}
