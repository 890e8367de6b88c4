import { observedBy, reads, readsValues } from '../checkpoint/model-spec.js';
import { type Checkpoint, readCheckpoint } from '../checkpoint/read.js';
import { readUse } from '../checkpoint/use.js';
import { readWhole, ValueReader } from '../util/value-reader.js';
import { attentionOf, type EncoderOption, type NetworkInfo } from './info.js';
import { Policy } from './policy.js';
import { Session } from './session.js';
import { type CheckpointSource, readSource } from './source.js';
import type { SessionOptions } from './stepping.js';
import { Weights } from './weights.js';

const ENCODERS: Readonly<Record<'none' | 'pooled' | 'recurrent', EncoderOption | undefined>> = {
  none: undefined,
  pooled: 'mean',
  recurrent: 'gru',
};

/**
 * A trained agent at work, without the addon: in a browser, on the edge, in Bun and Deno. It acts as the one that was saved does, and does not learn.
 *
 * @example
 * ```ts
 * const agent = await Agent.load(await fetch('/agent.safetensors'));
 * const session = await agent.session();
 * session.begin(task.encode([problem], 0));
 * const { actions } = session.step({ deterministic: true });
 * ```
 */
export class Agent {
  /** What the network is, and what it was made for. */
  readonly info: NetworkInfo;
  readonly #weights: Weights;

  private constructor(file: Checkpoint) {
    this.info = Object.freeze(infoOf(file));
    this.#weights = new Weights(file);
  }

  /**
   * Reads a file that `agent.save()` wrote, of any version. What training alone needs is not looked at.
   *
   * @param source - The file: its bytes, a `Blob` or `File`, or what `fetch` answered.
   * @returns The agent.
   * @throws {@link CheckpointError} when it cannot be had, is damaged, or was written by a newer release.
   * @throws {@link InputError} when the source is none of these.
   */
  static async load(source: CheckpointSource): Promise<Agent> {
    return new Agent(readCheckpoint(await readSource(source)));
  }

  /**
   * Makes a session: decisions one step at a time, synchronously.
   *
   * @param options - How many rows, and the seed of what is sampled.
   * @returns The session.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   */
  async session(options: SessionOptions = {}): Promise<Session> {
    const { size, seed } = readWhole(new ValueReader(options), (reader) => ({ size: reader.count('size', 1), seed: reader.seed() }));
    return new Session(new Policy(this.#weights, size, seed), this.info, size);
  }
}

function infoOf({ model, rollout, note, size }: Checkpoint): NetworkInfo {
  const { encoder, vocabulary, attendsPrompt, window } = model;
  const { task, vocabulary: texts, stages, contextLength, spaces } = readUse(note, model, size);
  const direction = encoder.kind === 'recurrent' && (encoder.backward ? 'backward' : 'forward');
  return {
    taskName: task,
    vocabulary: texts,
    stages,
    vocabSize: vocabulary,
    stageCount: encoder.kind === 'none' ? 0 : encoder.stages,
    hiddenSize: model.hidden,
    layers: model.layers,
    memory: model.recurrent,
    encoder: ENCODERS[encoder.kind],
    direction: direction || undefined,
    attention: attentionOf(attendsPrompt, window > 0),
    historyWindow: window > 0 ? window : undefined,
    clock: reads(model, 'clock'),
    horizon: rollout.horizon,
    contextLength,
    contextValues: readsValues(model),
    startToken: rollout.startToken,
    actionMask: rollout.actionMask === undefined ? undefined : Uint8Array.from(rollout.actionMask, Number),
    pooling: encoder.kind === 'pooled' ? encoder.pooling : 'own',
    observationSpace: spaces?.observationSpace,
    actionSpace: spaces?.actionSpace,
    observed: Object.freeze(observedBy(model)),
  };
}
