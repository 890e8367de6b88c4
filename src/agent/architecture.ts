import { orderMatters } from '../define/check/order.js';
import type { AttentionOption, DirectionOption, EncoderOption } from '../infer/info.js';
import type { Task } from '../task/task.js';
import type { Issues } from '../util/issues.js';
import { OptionReader } from '../util/option-reader.js';

/** What the network is made of. */
export interface ArchitectureOptions {
  /**
   * How prompts are read; not for an environment, which has none.
   *
   * @defaultValue `gru` where the order of a context's symbols decides which program is right, else `mean`: {@link Task.contextOrder}, or what a
   * short search finds
   */
  readonly encoder?: EncoderOption | undefined;
  /**
   * Which way the encoder `gru` reads. `backward`, the state that a program begins with knows the prompt's first symbols best, and what is looked up
   * at a symbol says what follows it: right for plans that work through a prompt from its beginning. `forward` is right where the end decides first.
   *
   * @defaultValue 'backward'
   */
  readonly direction?: DirectionOption | undefined;
  /**
   * What each step looks up; of an environment `history` or `none`. The past ends where an episode begins, and goes on over rollouts. Without memory
   * no past is looked up.
   *
   * @defaultValue `prompt` with the encoder `gru`, `none` with `mean` and for an environment
   */
  readonly attention?: AttentionOption | undefined;
  /**
   * How many steps back `history` reaches, 1 to 65,536: as many as what has to be remembered is away, or the length of an episode. Each environment
   * takes 0.4 MB at 128 steps and a width of 128.
   *
   * @defaultValue 128
   */
  readonly historyWindow?: number | undefined;
  /**
   * Whether the step within the episode is read, as sines and cosines of 4, 8, … 512 steps around; with `history` it is part of what the past is
   * looked up by.
   *
   * @defaultValue false
   */
  readonly clock?: boolean | undefined;
  /**
   * Width of the embeddings and of the hidden state, 1 to 8192.
   *
   * @defaultValue 96, and 128 for an environment
   */
  readonly hiddenSize?: number | undefined;
  /**
   * Layers of the GRU, 1 to 16.
   *
   * @defaultValue 1
   */
  readonly layers?: number | undefined;
  /**
   * Whether the network has a memory. `false` makes its twin without one, to see what memory is worth: each step is decided by what is observed at
   * that step alone, and by the prompt where there is one; neither the state nor the action of the step before is read.
   *
   * @defaultValue true
   */
  readonly memory?: boolean | undefined;
}

/** {@link ArchitectureOptions}, checked and filled in as far as can be without looking at the task. */
export interface ArchitectureConfig {
  readonly encoder: EncoderOption | undefined;
  /** Where the encoder is or may be `gru`. */
  readonly direction: DirectionOption | undefined;
  readonly attention: AttentionOption | undefined;
  /** Where the past is attended to. */
  readonly historyWindow: number | undefined;
  readonly clock: boolean;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly memory: boolean;
}

/** Options that may stand beside `network` as well as in it. */
export const FLAT_ARCHITECTURE = ['hiddenSize', 'layers', 'memory'] as const;

/**
 * Reads `network`, and those of its options that stand beside it.
 *
 * @param reader - Over what the caller passed.
 * @param prompted - Whether episodes begin with a prompt: those of a task do, those of an environment do not.
 * @returns The config; meaningful only when no issue was added.
 */
export function readArchitecture(reader: OptionReader, prompted: boolean): ArchitectureConfig {
  const network = new OptionReader(reader.raw('network'), reader.issues.at('network'));
  for (const key of FLAT_ARCHITECTURE) {
    if (reader.has(key) && network.has(key)) {
      reader.issues.add(key, `cannot be given together with network.${key}.`, `Give network.${key} alone.`);
    }
  }
  const of = (key: (typeof FLAT_ARCHITECTURE)[number]): OptionReader => (network.has(key) ? network : reader);
  const config = {
    encoder: network.has('encoder') ? network.choice('encoder', 'mean', ['mean', 'gru']) : undefined,
    direction: network.has('direction') ? network.choice('direction', 'backward', ['backward', 'forward']) : undefined,
    attention: network.has('attention') ? network.choice('attention', 'none', ['none', 'prompt', 'history', 'both']) : undefined,
    historyWindow: readWindow(network),
    clock: network.boolean('clock', false),
    hiddenSize: of('hiddenSize').number('hiddenSize', prompted ? 96 : 128, { integer: true, min: 1, max: 8192 }),
    layers: of('layers').number('layers', 1, { integer: true, min: 1, max: 16 }),
    memory: of('memory').boolean('memory', true),
  };
  if (config.historyWindow !== undefined && !looksBack(config.attention)) {
    network.issues.add('historyWindow', 'is for attention over the past.', "Pass attention: 'history' or 'both' too, or leave it out.");
  }
  if (config.direction !== undefined && (config.encoder === 'mean' || !prompted)) {
    network.issues.add('direction', 'is for prompts that a GRU reads.', "Leave it out, or use encoder: 'gru' with a task.");
  }
  if (!prompted) {
    if (config.encoder !== undefined) {
      network.issues.add('encoder', 'is for prompts, which an environment does not have.', 'Leave it out.');
    }
    if (config.attention === 'prompt' || config.attention === 'both') {
      network.issues.add('attention', 'cannot be over prompts: an environment has none.', "Pass 'history' or 'none', or leave it out.");
    }
  }
  network.finish();
  return config;
}

/**
 * @param attention - What each step looks up.
 * @returns Whether that is its own past.
 */
export function looksBack(attention: AttentionOption | undefined): boolean {
  return attention === 'history' || attention === 'both';
}

/**
 * @param attention - What each step looks up.
 * @returns Whether that is the prompt.
 */
export function looksUpPrompt(attention: AttentionOption | undefined): boolean {
  return attention === 'prompt' || attention === 'both';
}

/** How prompts are read, and what steps look up. */
export interface Reading {
  readonly encoder: EncoderOption;
  readonly direction: DirectionOption;
  readonly attention: AttentionOption;
}

/**
 * Decides what was left open.
 *
 * @param config - As it was read.
 * @param task - What the network is for, where that is a task.
 * @returns Encoder, its direction, and attention.
 */
export function chooseReading(
  { encoder, direction, attention }: Pick<ArchitectureConfig, 'encoder' | 'direction' | 'attention'>,
  task: Task | undefined,
): Reading {
  const reads = encoder ?? (task !== undefined && orderMatters(task) ? 'gru' : 'mean');
  return { encoder: reads, direction: direction ?? 'backward', attention: attention ?? (reads === 'gru' ? 'prompt' : 'none') };
}

/**
 * Refuses what does not go together with how a task's contexts are pooled.
 *
 * @param config - As it was read.
 * @param pooling - Of the task.
 * @param issues - Where an issue is added.
 */
export function checkPooling({ encoder }: ArchitectureConfig, pooling: 'own' | 'batch', issues: Issues): void {
  if (encoder === 'gru' && pooling === 'batch') {
    issues.add('network.encoder', "cannot be 'gru' where contexts are averaged over the batch.", "Leave it out, or use pooling: 'own'.");
  }
}

/** Steps that are looked back; undefined where that is not said. */
function readWindow(network: OptionReader): number | undefined {
  return network.has('historyWindow') ? network.number('historyWindow', 128, { integer: true, min: 1, max: 65_536 }) : undefined;
}
