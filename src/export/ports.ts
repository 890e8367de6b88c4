import type { ModelSpec } from '../checkpoint/model-spec.js';
import { KEPT } from './history.js';
import type { Port } from './model-file.js';

const BATCH = 'batch';

/** What prompts are. */
export interface PromptPorts {
  readonly contexts: Port;
  readonly values: Port;
  readonly lengths: Port;
  readonly stages: Port;
}

/**
 * @param length - Tokens of every context, where that is fixed.
 * @returns What prompts are.
 */
export function promptPorts(length: number | undefined): PromptPorts {
  return {
    values: {
      name: 'context_values',
      type: 'float',
      shape: [BATCH, length ?? 'context_length'],
      doc: 'The number beside each token of each prompt; after its end any number.',
    },
    contexts: {
      name: 'contexts',
      type: 'int32',
      shape: [BATCH, length ?? 'context_length'],
      doc: 'Ids of the tokens of each prompt; after its end any id of the vocabulary.',
    },
    lengths: { name: 'context_lengths', type: 'int32', shape: [BATCH], doc: 'Tokens of each prompt that count, at least 1.' },
    stages: { name: 'stages', type: 'int32', shape: [BATCH], doc: 'Index of the stage of each prompt.' },
  };
}

/** What goes from one step to the next. */
export interface StatePorts {
  readonly hidden: Port;
  readonly previousAction: Port;
  readonly step: Port;
  readonly history: Port;
  readonly memory: Port;
  readonly mask: Port;
}

/**
 * @param spec - The network.
 * @param length - Tokens of every context, where that is fixed.
 * @returns What a step takes of the step before, or of the encoder.
 */
export function statePorts(spec: ModelSpec, length: number | undefined): StatePorts {
  const tokens = length ?? 'context_length';
  const { window } = spec;
  return {
    hidden: { name: 'hidden_state', type: 'float', shape: [BATCH, spec.layers, spec.hidden], doc: 'States of all layers.' },
    previousAction: {
      name: 'previous_action',
      type: 'int32',
      shape: [BATCH],
      doc: 'Id of the action before, or of what was fed in its place.',
    },
    step: { name: 'step', type: 'int32', shape: [BATCH], doc: 'Steps of the episode so far.' },
    history: { name: 'history', type: 'float', shape: [BATCH, window, KEPT], doc: 'What is kept of the steps before, the latest last.' },
    memory: { name: 'prompt_memory', type: 'float', shape: [BATCH, tokens, spec.hidden], doc: 'The prompt as it was read.' },
    mask: { name: 'prompt_mask', type: 'bool', shape: [BATCH, tokens], doc: 'Which tokens of the prompt count.' },
  };
}

/**
 * @param port - Something that goes from one step to the next.
 * @returns The same, after the step.
 */
export function next(port: Port): Port {
  return { ...port, name: `next_${port.name}`, doc: `${port.doc} For the next step.` };
}

/**
 * @param spec - The network.
 * @returns What is observed, and what a step says.
 */
export function stepPorts(spec: ModelSpec): Readonly<Record<'start' | 'allowed' | 'logits' | 'value' | 'action', Port>> {
  const size = spec.actions;
  return {
    start: {
      name: 'episode_start',
      type: 'bool',
      shape: [BATCH],
      doc: 'Whether the row begins an episode: then nothing before it is read.',
    },
    allowed: { name: 'action_mask', type: 'bool', shape: [BATCH, size], doc: 'Which actions are allowed, at least one of each row.' },
    logits: { name: 'logits', type: 'float', shape: [BATCH, size], doc: 'Before the softmax; negative infinity where not allowed.' },
    value: { name: 'value', type: 'float', shape: [BATCH], doc: "The critic's estimate of the return from here." },
    action: { name: 'action', type: 'int32', shape: [BATCH], doc: 'The most probable action; the lowest id on a tie.' },
  };
}

/**
 * @param spec - The network.
 * @returns The ports of what is observed before a step, where anything is.
 */
export function observationPorts(spec: ModelSpec): { readonly dense: Port | undefined; readonly discrete: Port | undefined } {
  let dense: Port | undefined;
  let discrete: Port | undefined;
  for (const input of spec.inputs) {
    if (input.kind === 'dense') {
      dense = { name: 'observation', type: 'float', shape: [BATCH, input.width], doc: 'The numbers that are observed, not normalized.' };
    } else if (input.kind === 'discrete') {
      discrete = { name: 'observation_ids', type: 'int32', shape: [BATCH, input.sizes.length], doc: 'The ids that are observed.' };
    }
  }
  return { dense, discrete };
}

/**
 * @param horizon - Tokens of a program.
 * @returns What a program is chosen by, and what is said of it.
 */
export function programPorts(horizon: number): Readonly<Record<'uniforms' | 'actions' | 'logProbs' | 'values', Port>> {
  const shape = [BATCH, horizon];
  return {
    uniforms: { name: 'uniforms', type: 'float', shape, doc: 'Uniform random numbers, at least 0 and below 1: one a token.' },
    actions: { name: 'actions', type: 'int32', shape, doc: 'Tokens of the programs.' },
    logProbs: { name: 'log_probs', type: 'float', shape, doc: 'Log-probability of each token, in nats.' },
    values: { name: 'values', type: 'float', shape, doc: "The critic's estimate before each token." },
  };
}
