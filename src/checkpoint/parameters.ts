import { CLOCK, embeds, HEAD_WIDTH, HEADS, type ModelSpec, readsClock, stagesOf, widthOf } from './model-spec.js';

/** Numbers that attention over the past reads out. */
export const READ_OUT = HEADS * HEAD_WIDTH;

/** @param spec - A network. @returns Numbers that the heads read, R. */
export function headWidth({ hidden, attendsPrompt, window }: ModelSpec): number {
  return hidden * (attendsPrompt ? 2 : 1) + (window > 0 ? READ_OUT : 0);
}

/**
 * @param spec - A network.
 * @returns Its parameters by PyTorch's names with their shapes, in the order of the file.
 */
export function parametersOf(spec: ModelSpec): ReadonlyMap<string, readonly number[]> {
  const { vocabulary, hidden, encoder, inputs, layers, attendsPrompt, window, actions } = spec;
  const gates = 3 * hidden;
  const shapes = new Map<string, readonly number[]>();
  const gru = (prefix: string, layer: number, width: number): void => {
    shapes.set(`${prefix}.weight_ih_l${layer}`, [gates, width]);
    shapes.set(`${prefix}.weight_hh_l${layer}`, [gates, hidden]);
    shapes.set(`${prefix}.bias_ih_l${layer}`, [gates]);
    shapes.set(`${prefix}.bias_hh_l${layer}`, [gates]);
  };
  if (embeds(spec)) {
    shapes.set('emb.weight', [vocabulary, hidden]);
  }
  if (encoder.kind !== 'none') {
    shapes.set('stage_emb.weight', [stagesOf(spec), hidden]);
  }
  if (encoder.kind === 'recurrent') {
    gru('encoder', 0, hidden);
  }
  const read = inputs.reduce((sum, input) => sum + widthOf(input), inputs[0]?.kind === 'previousAction' ? hidden : 0);
  for (let layer = 0; layer < layers; layer += 1) {
    gru('rnn', layer, layer === 0 ? read : hidden);
  }
  if (attendsPrompt) {
    shapes.set('attn.prompt.query.weight', [hidden, hidden]);
  }
  if (window > 0) {
    const looked = hidden + (readsClock(spec) ? CLOCK : 0);
    shapes.set('attn.history.query.weight', [READ_OUT, looked]);
    shapes.set('attn.history.key.weight', [READ_OUT, looked]);
    shapes.set('attn.history.value.weight', [READ_OUT, hidden]);
    shapes.set('attn.history.bias', [HEADS, window]);
  }
  const width = headWidth(spec);
  shapes.set('pi.weight', [actions, width]);
  shapes.set('pi.bias', [actions]);
  shapes.set('v.weight', [1, width]);
  shapes.set('v.bias', [1]);
  return shapes;
}
