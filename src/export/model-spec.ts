/** What is read before the first step. */
export type EncoderSpec =
  | { readonly kind: 'none' }
  | (Prompted & { readonly kind: 'pooled'; readonly pooling: 'own' | 'batch' })
  | (Prompted & { readonly kind: 'recurrent'; readonly backward: boolean });

/** What both kinds of reading have. */
interface Prompted {
  readonly stages: number;
  /** Whether a number is read beside each token. */
  readonly values: boolean;
}

/** A part of what is read at each step. */
export type InputSpec =
  | { readonly kind: 'previousAction' | 'episodeStart' | 'clock' }
  | { readonly kind: 'discrete'; readonly sizes: readonly number[] }
  | { readonly kind: 'dense'; readonly width: number };

/** What a network is; docs/concepts/checkpoint-format.md has the meaning of each field. */
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

/** The section as it stands, where fields that say what leaving them out says are left out. */
interface Section extends Pick<ModelSpec, 'vocabulary' | 'inputs' | 'layers' | 'hidden'> {
  readonly encoder:
    | { readonly kind: 'none' }
    | { readonly kind: 'pooled'; readonly stages: number; readonly pooling: 'own' | 'batch'; readonly values?: boolean }
    | { readonly kind: 'recurrent'; readonly stages: number; readonly backward?: boolean; readonly values?: boolean };
  readonly recurrent?: boolean;
  readonly attention?: { readonly prompt: boolean; readonly history?: { readonly window: number } };
  readonly action: { readonly size: number };
}

/**
 * @param section - A checkpoint's section `model`, as the addon writes it.
 * @returns The network.
 */
export function readModel(section: string): ModelSpec {
  const { encoder, recurrent = true, attention, action, ...rest } = JSON.parse(section) as Section;
  return {
    ...rest,
    encoder: readEncoder(encoder),
    recurrent,
    attendsPrompt: attention?.prompt ?? false,
    window: attention?.history?.window ?? 0,
    actions: action.size,
  };
}

function readEncoder(encoder: Section['encoder']): EncoderSpec {
  if (encoder.kind === 'none') {
    return encoder;
  }
  const values = encoder.values ?? false;
  return encoder.kind === 'pooled' ? { ...encoder, values } : { ...encoder, values, backward: encoder.backward ?? false };
}
