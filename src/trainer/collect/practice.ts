import type { RolloutCollector } from '../../agent/collector.js';
import type { UpdateConfig } from '../../algorithm/a2c.js';
import { type EntropyState, type LearnConfig, learnConfig, nextEntropyState } from '../../algorithm/learn.js';
import type { UpdateStats } from '../../algorithm/objective.js';
import { type Schedule, valueAt } from '../../algorithm/schedule.js';
import type { AlgorithmConfig } from '../../algorithm/step-algorithm.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { RolloutMetrics } from '../../metrics/events.js';
import { promptsOf } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import type { Random } from '../../util/random.js';
import { type Collected, Collector, type CollectorContext } from './collector.js';
import { converse, heardIn } from './converse.js';
import { learnInPasses } from './passes.js';
import { Problems } from './problems.js';
import { type FullScores, makeScores, rolloutMetrics } from './scores.js';

/** What a task is learned with. */
export interface PracticeContext extends CollectorContext {
  /** Coefficients of A2C for every update; absent: the agent's. */
  readonly update: UpdateConfig | undefined;
  /** Those that change over a stage. */
  readonly schedules?: Readonly<Partial<Record<'learningRate' | 'entropyCoef', Schedule>>>;
  /** PPO in place of A2C. */
  readonly ppo?: AlgorithmConfig | undefined;
  /** Which programs PPO learns from together; needed with it. */
  readonly minibatchRandom?: Random;
}

/** Batches of programs, and what is learned from each. */
export interface Practice {
  /**
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   * @returns How the programs of the current stage did.
   */
  collect(entry: PlannedStage, k: number): Promise<RolloutMetrics>;
  /**
   * Learns from the batch collected last.
   *
   * @param progress - Share of the stage that is done, 0 to below 1.
   * @returns The losses.
   */
  learn(progress: number): Promise<UpdateStats>;
  /** Draws the next batch's problems; see {@link Collector.drawAhead}. */
  drawAhead(entry: PlannedStage, k: number): void;
  /** A batch drawn ahead that is not used goes back into the stream; what is native is freed. */
  close(): void;
}

/**
 * @param context - Task, agent and algorithm.
 * @returns How the task is learned: open loop, or talking with it.
 */
export function practiceOf(context: PracticeContext): Practice {
  return context.task.interaction === undefined ? new OpenPractice(context) : new ClosedPractice(context);
}

/** Whole programs, scored when they are done. */
class OpenPractice implements Practice {
  readonly #context: PracticeContext;
  readonly #collector: Collector;
  #collected: Collected | undefined;
  #entropy: EntropyState = { coef: undefined };

  constructor(context: PracticeContext) {
    this.#context = context;
    this.#collector = new Collector(context);
  }

  async collect(entry: PlannedStage, k: number): Promise<RolloutMetrics> {
    this.#collected = await this.#collector.collect(entry, k);
    return this.#collected.rollout;
  }

  async learn(progress: number): Promise<UpdateStats> {
    const { agent, update, schedules, ppo, minibatchRandom } = this.#context;
    const collected = this.#collected as Collected;
    if (ppo === undefined || minibatchRandom === undefined) {
      // Nothing beside them: the agent's own coefficients have been read.
      const plain = update === undefined && schedules === undefined;
      return agent.update(plain ? collected.episodes : { ...collected.episodes, ...update, ...scheduled(this.#context, progress) });
    }
    const config = learnConfig(ppo, progress, this.#entropy);
    const stats = await learnInPasses(agent, collected, config, minibatchRandom);
    this.#entropy = nextEntropyState(config, stats.entropy, ppo.entropyTarget, progress, this.#context.task.vocabulary.length);
    return stats;
  }

  drawAhead(entry: PlannedStage, k: number): void {
    this.#collector.drawAhead(entry, k);
  }

  close(): void {
    this.#collector.drop();
  }
}

/** Programs that the task answers step by step. */
class ClosedPractice implements Practice {
  readonly #context: PracticeContext;
  readonly #problems: Problems;
  readonly #scores: FullScores;
  readonly #actions: Int32Array;
  /** A task that ended its programs itself cut none of them short: nothing more could have been earned. */
  readonly #none: Uint8Array;
  #recorder: RolloutCollector | undefined;
  #entropy: EntropyState = { coef: undefined };

  constructor(context: PracticeContext) {
    const { batchSize } = context;
    this.#context = context;
    this.#problems = new Problems(context);
    this.#scores = makeScores(batchSize);
    this.#actions = new Int32Array(batchSize);
    this.#none = new Uint8Array(batchSize);
  }

  async collect(entry: PlannedStage, k: number): Promise<RolloutMetrics> {
    const { task } = this.#context;
    const drawn = this.#problems.take(entry, k);
    const { batch, current } = drawn;
    const recorder = await this.#record();
    const episodes = checkedBegin(task, batch);
    recorder.begin(promptsOf(task, batch));
    const actions = this.#actions;
    await converse(
      task,
      episodes,
      () => {
        recorder.step(undefined, heardIn(episodes), episodes.allowed, actions);
        return actions;
      },
      () => recorder.record(episodes.rewards, episodes.ended, this.#none, undefined, undefined),
    );
    recorder.finish(false);
    episodes.score(this.#scores);
    this.#problems.note(drawn, this.#scores);
    return rolloutMetrics(this.#scores, current);
  }

  async learn(progress: number): Promise<UpdateStats> {
    const { agent, update = agent.info.update, ppo, task } = this.#context;
    const recorder = this.#recorder as RolloutCollector;
    if (ppo === undefined) {
      const { baseline: _, ...coefs } = { ...update, ...scheduled(this.#context, progress) };
      return agent.learn(recorder, { ...A2C, ...coefs });
    }
    const config = learnConfig(ppo, progress, this.#entropy);
    const stats = await agent.learn(recorder, config);
    this.#entropy = nextEntropyState(config, stats.entropy, ppo.entropyTarget, progress, task.vocabulary.length);
    return stats;
  }

  drawAhead(entry: PlannedStage, k: number): void {
    this.#problems.drawAhead(entry, k);
  }

  close(): void {
    this.#problems.drop();
    this.#recorder?.close();
    this.#recorder = undefined;
  }

  async #record(): Promise<RolloutCollector> {
    const { agent, task, batchSize, ppo } = this.#context;
    this.#recorder ??= await agent.collector({
      rows: batchSize,
      steps: task.horizon,
      gamma: ppo?.gamma ?? 1,
      gaeLambda: ppo?.gaeLambda ?? 1,
      autoreset: false,
      masked: task.interaction?.masked === true,
      normalizeObservations: false,
      normalizeRewards: false,
    });
    return this.#recorder;
  }
}

/** A2C on recorded steps: each is judged by what was earned from it on, as the return of a whole program is where it is paid at the end. */
const A2C: Omit<LearnConfig, keyof UpdateConfig> = {
  epochs: 1,
  minibatches: 1,
  clipRange: Infinity,
  valueClipRange: Infinity,
  targetKl: Infinity,
  normalizeAdvantage: false,
  ratio: false,
  reduction: 'episode',
};

/** Coefficients that change over a stage, as they are now. */
function scheduled({ schedules = {} }: PracticeContext, progress: number): Partial<Record<'learningRate' | 'entropyCoef', number>> {
  return Object.fromEntries(Object.entries(schedules).map(([key, schedule]) => [key, valueAt(schedule, progress)]));
}
