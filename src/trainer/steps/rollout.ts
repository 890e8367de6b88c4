import type { Recorder } from '../../agent/collector.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import type { EpisodeMetrics } from '../../metrics/events.js';
import type { RunControl } from '../run/run-control.js';
import { Breather } from './breather.js';
import type { EpisodeSource } from './episode-source.js';
import { EpisodeTally, type EpisodeTallyState } from './episode-tally.js';

/** What rollouts are collected with. */
export interface RolloutContext {
  readonly vector: VectorEnvironment;
  readonly collector: Recorder;
  /** Episodes to train on. */
  readonly source: EpisodeSource;
  /** Steps of a rollout, `T`. */
  readonly rolloutSteps: number;
  /** Asked on the way whether a signal has aborted. */
  readonly control: Pick<RunControl, 'checkAbort'>;
}

/** Collects rollouts of one stage: episodes and states carry over from one to the next. Nothing is allocated a step. */
export class RolloutRunner {
  readonly #context: RolloutContext;
  readonly #actions: Int32Array;
  readonly #tally: EpisodeTally;
  readonly #breather = new Breather();

  /** @param context - Environments and collector. */
  constructor(context: RolloutContext) {
    this.#context = context;
    this.#actions = new Int32Array(context.vector.size);
    this.#tally = new EpisodeTally(context.vector.size);
  }

  /**
   * Begins an episode in every environment.
   *
   * @param stage - Stage id.
   */
  async begin(stage: number): Promise<void> {
    const { vector, source } = this.#context;
    source.stage = stage;
    this.#tally.restart();
    await vector.reset(source.next);
  }

  /** @returns What the episodes under way have so far, between two rollouts. */
  getState(): EpisodeTallyState {
    return this.#tally.getState();
  }

  /**
   * Goes on with episodes under way; environments and collector do so by themselves.
   *
   * @param stage - Stage id.
   * @param state - What {@link RolloutRunner.getState} returned.
   */
  resume(stage: number, state: EpisodeTallyState): void {
    this.#context.source.stage = stage;
    this.#tally.setState(state);
  }

  /** @returns How the episodes did that ended in one rollout more, those that came back apart. */
  async collect(): Promise<EpisodeMetrics> {
    const { vector, collector, source, rolloutSteps, control } = this.#context;
    const ended = source.replay === undefined ? undefined : source.ended;
    const { layout, rewards, terminated, truncated } = vector;
    const actions = this.#actions;
    const dense = layout.dense === 0 ? undefined : vector.dense;
    const finalDense = layout.dense === 0 ? undefined : vector.finalDense;
    const discrete = layout.discrete.length === 0 ? undefined : vector.discrete;
    const finalDiscrete = layout.discrete.length === 0 ? undefined : vector.finalDiscrete;
    const mask = vector.masked ? vector.actionMask : undefined;
    for (let t = 0; t < rolloutSteps; t += 1) {
      collector.step(dense, discrete, mask, actions);
      const pending = vector.step(actions);
      if (pending !== undefined) {
        await pending;
      }
      collector.record(rewards, terminated, truncated, finalDense, finalDiscrete);
      this.#tally.add(vector, undefined, ended);
      if (this.#breather.due) {
        await this.#breather.breathe();
        control.checkAbort();
      }
    }
    collector.finish(true, dense, discrete);
    return this.#tally.take();
  }
}
