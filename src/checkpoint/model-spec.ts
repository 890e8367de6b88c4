import { damaged } from './fault.js';
import type { Fields } from './fields.js';

/** What is read before the first step. */
export type EncoderSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'pooled'; readonly stages: number; readonly pooling: 'own' | 'batch'; readonly values: boolean }
  /** `backward`: from the last token to the first. `values`: a number is read beside each token. */
  | { readonly kind: 'recurrent'; readonly stages: number; readonly backward: boolean; readonly values: boolean };

/** A part of what is read at each step. */
export type InputSpec =
  | { readonly kind: 'previousAction' | 'episodeStart' | 'clock' }
  | { readonly kind: 'discrete'; readonly sizes: readonly number[] }
  | { readonly kind: 'dense'; readonly width: number };

/** What a network is, as the file says; docs/concepts/checkpoint-format.md has the meaning of each field. */
export interface ModelSpec {
  readonly vocabulary: number;
  readonly encoder: EncoderSpec;
  readonly inputs: readonly InputSpec[];
  readonly layers: number;
  readonly hidden: number;
  readonly recurrent: boolean;
  /** Whether the prompt is attended to. */
  readonly attendsPrompt: boolean;
  /** How many steps back the past is attended to; 0 where it is not. */
  readonly window: number;
  /** Actions, A. */
  readonly actions: number;
}

/** Numbers of a clock: sine and cosine of 4, 8, … 512 steps around. */
export const CLOCK = 16;
/** Heads of the attention over the past, and numbers of a head's query, key and value. */
export const HEADS = 2;
/** See {@link HEADS}. */
export const HEAD_WIDTH = 32;
/** Numbers that attention over the past reads out. */
export const READ_OUT = HEADS * HEAD_WIDTH;

const LARGEST = 2 ** 20;

/** @param spec - A network. @returns Whether it has an embedding of tokens. */
export function embeds({ encoder, inputs }: ModelSpec): boolean {
  return encoder.kind !== 'none' || inputs[0]?.kind === 'previousAction';
}

/** @param input - A part of what is read. @returns Numbers that it takes, beside the embedding of the token before. */
export function widthOf(input: InputSpec): number {
  switch (input.kind) {
    case 'previousAction':
      return 0;
    case 'episodeStart':
      return 1;
    case 'clock':
      return CLOCK;
    case 'discrete':
      return input.sizes.reduce((sum, size) => sum + size, 0);
    case 'dense':
      return input.width;
  }
}

/** @param spec - A network. @returns How many numbers and which ids it observes at each step. */
export function observedBy({ inputs }: ModelSpec): { readonly dense: number; readonly discrete: readonly number[] } {
  const discrete = inputs.find((input) => input.kind === 'discrete');
  const dense = inputs.find((input) => input.kind === 'dense');
  return { dense: dense?.width ?? 0, discrete: discrete?.sizes ?? [] };
}

/** @param spec - A network. @returns Whether a number is read beside each token of a prompt. */
export function readsValues({ encoder }: ModelSpec): boolean {
  return encoder.kind !== 'none' && encoder.values;
}

/** @param spec - A network. @param kind - Of an input. @returns Whether it is read at each step. */
export function reads({ inputs }: ModelSpec, kind: InputSpec['kind']): boolean {
  return inputs.some((input) => input.kind === kind);
}

/**
 * @param fields - The section `model`.
 * @returns What it says.
 * @throws {@link CheckpointError} for what this release does not know, and for what no network can be made of.
 */
export function readModel(fields: Fields): ModelSpec {
  const attention = fields.has('attention') ? fields.object('attention') : undefined;
  const history = attention?.has('history') ? attention.object('history') : undefined;
  const action = fields.object('action');
  action.choice('kind', ['categorical']);
  const spec: ModelSpec = {
    vocabulary: fields.size('vocabulary'),
    encoder: readEncoder(fields.object('encoder')),
    inputs: fields.objects('inputs').map(readInput),
    layers: fields.size('layers'),
    hidden: fields.size('hidden'),
    recurrent: fields.flag('recurrent', true),
    attendsPrompt: attention?.flag('prompt') ?? false,
    window: history?.size('window') ?? 0,
    actions: action.size('size'),
  };
  for (const part of [history, attention, action, fields]) {
    part?.end();
  }
  if (history !== undefined) {
    range('historyWindow', spec.window, 65_536);
  }
  return checkModel(spec);
}

/**
 * @param spec - A network.
 * @returns The same.
 * @throws {@link CheckpointError} for what no network can be made of.
 */
export function checkModel(spec: ModelSpec): ModelSpec {
  const { vocabulary, encoder, inputs, layers, hidden, attendsPrompt, actions } = spec;
  const kinds = inputs.map(({ kind }) => kind);
  if (kinds.length === 0 || new Set(kinds).size < kinds.length || kinds.indexOf('previousAction') > 0) {
    throw damaged('must name at least one input, each kind once, previousAction first.', 'model.inputs');
  }
  if (attendsPrompt && encoder.kind === 'none') {
    throw damaged('cannot be over the prompt: there is no encoder.', 'model.attention');
  }
  const { dense, discrete } = observedBy(spec);
  range('vocabSize', embeds(spec) ? vocabulary : 1);
  range('stageCount', encoder.kind === 'none' ? 1 : encoder.stages);
  range('hiddenSize', hidden, 8192);
  range('layers', layers, 64);
  range('actions', actions, embeds(spec) ? vocabulary : LARGEST);
  range('dense', kinds.includes('dense') ? dense : 1);
  range('discrete', kinds.includes('discrete') ? discrete.length : 1);
  for (const size of discrete) {
    range('discrete', size);
  }
  return spec;
}

function readEncoder(fields: Fields): EncoderSpec {
  const kind = fields.choice('kind', ['none', 'pooled', 'recurrent']);
  let encoder: EncoderSpec = { kind: 'none' };
  if (kind !== 'none') {
    const read = { stages: fields.size('stages'), values: fields.flag('values', false) };
    encoder =
      kind === 'pooled'
        ? { kind, pooling: fields.choice('pooling', ['own', 'batch']), ...read }
        : { kind, backward: fields.flag('backward', false), ...read };
  }
  fields.end();
  return encoder;
}

function readInput(fields: Fields): InputSpec {
  const kind = fields.choice('kind', ['previousAction', 'episodeStart', 'clock', 'discrete', 'dense']);
  let input: InputSpec;
  if (kind === 'discrete') {
    input = { kind, sizes: fields.sizes('sizes') };
  } else if (kind === 'dense') {
    input = { kind, width: fields.size('width') };
  } else {
    input = { kind };
  }
  fields.end();
  return input;
}

/**
 * @param path - A number's name.
 * @param value - The number.
 * @param most - The largest one; the smallest is 1.
 * @throws {@link CheckpointError} where it is none of these.
 */
export function range(path: string, value: number, most = LARGEST): void {
  if (value < 1 || value > most) {
    throw damaged(`must be between 1 and ${most}, got ${value}.`, path);
  }
}
