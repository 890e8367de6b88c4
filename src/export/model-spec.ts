/** What is read before the first step. */
export type EncoderSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'pooled'; readonly stages: number; readonly pooling: 'own' | 'batch' }
  | { readonly kind: 'recurrent'; readonly stages: number; readonly backward: boolean };

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
  readonly encoder: Exclude<EncoderSpec, { kind: 'recurrent' }> | { readonly kind: 'recurrent'; stages: number; backward?: boolean };
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
    encoder: encoder.kind === 'recurrent' ? { ...encoder, backward: encoder.backward ?? false } : encoder,
    recurrent,
    attendsPrompt: attention?.prompt ?? false,
    window: attention?.history?.window ?? 0,
    actions: action.size,
  };
}
