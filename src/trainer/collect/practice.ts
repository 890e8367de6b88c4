import type { Agent } from '../../agent/agent.js';
import type { RolloutCollector } from '../../agent/collector.js';
import type { Episodes, JudgedEpisodes } from '../../agent/inputs.js';
import type { WeighedShown } from '../../agent/shown.js';
import type { StateDict } from '../../agent/state-dict.js';
import { accumulateShown, type GroupAdvantages, groupAdvantages } from '../../agent/teach.js';
import type { UpdateConfig } from '../../algorithm/a2c.js';
import { type EntropyState, type LearnConfig, learnConfig, nextEntropyState } from '../../algorithm/learn.js';
import type { UpdateStats } from '../../algorithm/objective.js';
import { type Schedule, valueAt } from '../../algorithm/schedule.js';
import type { AlgorithmConfig } from '../../algorithm/step-algorithm.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { RolloutMetrics } from '../../metrics/events.js';
import { promptsOf } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import type { TaskEpisodes } from '../../task/task.js';
import type { Random } from '../../util/random.js';
import type { Imitation } from '../imitate/imitation.js';
import { type Collected, Collector, type CollectorContext } from './collector.js';
import { converse, heardIn } from './converse.js';
import { countingOf, silenced } from './counting.js';
import { learnInPasses } from './passes.js';
import { type ProblemStreams, Problems } from './problems.js';
import { Reference, type ReferenceOption } from './reference.js';
import { groupsOf, repeatPrompts, SampledEpisodes, sliceScores } from './samples.js';
import { type FullScores, makeScores, rolloutMetrics } from './scores.js';

/** What a task is learned with. */
export interface PracticeContext extends CollectorContext {
  /** Coefficients of A2C for every update; absent: the agent's. */
  readonly update: UpdateConfig | undefined;
  /** Those that change over a stage. */
  readonly schedules?: Readonly<Partial<Record<'learningRate' | 'entropyCoef', Schedule>>>;
  /** An algorithm of passes over a batch, in place of A2C. */
  readonly passes?: AlgorithmConfig | undefined;
  /** Which programs it learns from together; needed with it. */
  readonly minibatchRandom?: Random;
  /** Whom the policy is held to. */
  readonly reference?: ReferenceOption | undefined;
  /** What is imitated beside. */
  readonly imitation?: Imitation | undefined;
}

/** How a practice goes on. Plain data. */
export interface PracticeState {
  readonly streams: ProblemStreams;
  readonly entropy: EntropyState;
  /** Weights of the policy that it is held to, where that is one of its own. */
  readonly reference: StateDict | undefined;
  /** What the rows carry on of a task that answers, once there are some. */
  readonly carried: Uint8Array | undefined;
}

/** Batches of programs, and what is learned from each. */
export interface Practice {
  /** A stage begins. */
  enter(): Promise<void>;
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
  /** @returns How it goes on, between two iterations. */
  getState(): Promise<PracticeState>;
  /**
   * Goes on with a stage under way; the streams are their owner's.
   *
   * @param state - What {@link Practice.getState} returned.
   */
  resume(state: PracticeState): Promise<void>;
  /** A batch drawn ahead that is not used goes back into the stream; what is native is freed. */
  close(): Promise<void>;
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
  readonly #reference: Reference | undefined;
  #collected: Collected | undefined;
  #entropy: EntropyState = { coef: undefined };

  constructor(context: PracticeContext) {
    this.#context = context;
    this.#collector = new Collector({ ...context, samples: context.passes?.groups?.samples });
    this.#reference = referenceOf(context);
  }

  async enter(): Promise<void> {
    await this.#reference?.enter();
  }

  async collect(entry: PlannedStage, k: number): Promise<RolloutMetrics> {
    this.#collected = await this.#collector.collect(entry, k);
    return this.#collected.rollout;
  }

  async learn(progress: number): Promise<UpdateStats> {
    const { agent, update, schedules, passes, minibatchRandom, imitation, task } = this.#context;
    const collected = this.#collected as Collected;
    const beside = imitation?.next(progress);
    if (passes === undefined || minibatchRandom === undefined) {
      if (beside !== undefined) {
        const own = { ...(update ?? agent.info.update), ...scheduled(this.#context, progress) };
        return updateBeside(agent, lessonOf(collected), own, beside);
      }
      // Nothing beside them: the agent's own coefficients have been read.
      const plain = update === undefined && schedules === undefined;
      const learned = lessonOf(collected);
      return agent.update(plain ? learned : { ...learned, ...update, ...scheduled(this.#context, progress) });
    }
    const { episodes } = collected;
    const config = learnConfig(passes, progress, this.#entropy);
    const judged = judgedByGroups(this.#context, episodes.returns as Float32Array);
    const referenceLogProbs = await this.#reference?.logProbs(episodes);
    const rest = { advantages: judged?.advantages, referenceLogProbs, beside };
    const stats = await learnInPasses(agent, collected, { config, random: minibatchRandom, ...rest });
    this.#entropy = nextEntropyState(config, stats.entropy, passes.entropyTarget, progress, task.vocabulary.length);
    return judged === undefined ? stats : { ...stats, flatGroups: judged.flat };
  }

  drawAhead(entry: PlannedStage, k: number): void {
    this.#collector.drawAhead(entry, k);
  }

  async getState(): Promise<PracticeState> {
    const reference = await this.#reference?.getState();
    return { streams: this.#collector.streams, entropy: this.#entropy, reference, carried: undefined };
  }

  async resume({ entropy, reference }: PracticeState): Promise<void> {
    this.#entropy = entropy;
    await this.#reference?.setState(reference);
  }

  async close(): Promise<void> {
    this.#collector.drop();
    await this.#reference?.close();
  }
}

/** Programs that the task answers step by step. */
class ClosedPractice implements Practice {
  readonly #context: PracticeContext;
  readonly #problems: Problems;
  readonly #scores: FullScores;
  readonly #samples: readonly FullScores[];
  readonly #reference: Reference | undefined;
  readonly #actions: Int32Array;
  /** A task that ended its programs itself cut none of them short: nothing more could have been earned. */
  readonly #none: Uint8Array;
  #recorder: RolloutCollector | undefined;
  #entropy: EntropyState = { coef: undefined };

  constructor(context: PracticeContext) {
    const { batchSize, passes } = context;
    const samples = passes?.groups?.samples ?? 1;
    this.#context = context;
    this.#problems = new Problems({ ...context, batchSize: batchSize / samples });
    this.#scores = makeScores(batchSize);
    this.#samples = sliceScores(this.#scores, samples);
    this.#reference = referenceOf(context);
    this.#actions = new Int32Array(batchSize);
    this.#none = new Uint8Array(batchSize);
  }

  async enter(): Promise<void> {
    await this.#reference?.enter();
  }

  async collect(entry: PlannedStage, k: number): Promise<RolloutMetrics> {
    const { task } = this.#context;
    const drawn = this.#problems.take(entry, k);
    const { batch, current } = drawn;
    const recorder = await this.#record();
    const samples = this.#samples.length;
    // Programs that judge one another are all the policy's own.
    const randomSteps = samples === 1 ? drawn.randomSteps : undefined;
    const begun = this.#samples.map(() => checkedBegin(task, batch));
    const episodes = samples === 1 ? (begun[0] as TaskEpisodes) : new SampledEpisodes(begun);
    recorder.begin(samples === 1 ? promptsOf(task, batch) : repeatPrompts(promptsOf(task, batch), samples, task), randomSteps);
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
    this.#problems.note(drawn, this.#samples[0] as FullScores);
    return rolloutMetrics(this.#samples, current);
  }

  async learn(progress: number): Promise<UpdateStats> {
    const { agent, update = agent.info.update, passes, task, imitation } = this.#context;
    const recorder = this.#recorder as RolloutCollector;
    const beside = imitation?.next(progress);
    if (passes === undefined) {
      const { baseline: _, ...coefs } = { ...update, ...scheduled(this.#context, progress) };
      return agent.learn(recorder, { ...A2C, ...coefs }, beside);
    }
    const config = learnConfig(passes, progress, this.#entropy);
    const judged = judgedByGroups(this.#context, this.#scores.returns);
    if (judged !== undefined) {
      recorder.judge(judged.advantages);
    }
    await this.#reference?.refer(recorder);
    const stats = await agent.learn(recorder, config, beside);
    this.#entropy = nextEntropyState(config, stats.entropy, passes.entropyTarget, progress, task.vocabulary.length);
    return judged === undefined ? stats : { ...stats, flatGroups: judged.flat };
  }

  drawAhead(entry: PlannedStage, k: number): void {
    this.#problems.drawAhead(entry, k);
  }

  async getState(): Promise<PracticeState> {
    const reference = await this.#reference?.getState();
    return { streams: this.#problems.streams, entropy: this.#entropy, reference, carried: this.#recorder?.carried() };
  }

  async resume({ entropy, reference, carried }: PracticeState): Promise<void> {
    this.#entropy = entropy;
    await this.#reference?.setState(reference);
    if (carried !== undefined) {
      await this.#record(carried);
    }
  }

  async close(): Promise<void> {
    this.#problems.drop();
    this.#recorder?.close();
    this.#recorder = undefined;
    await this.#reference?.close();
  }

  async #record(carried?: Uint8Array): Promise<RolloutCollector> {
    const { agent, task, batchSize, passes } = this.#context;
    const options = {
      rows: batchSize,
      steps: task.horizon,
      gamma: passes?.gamma ?? 1,
      gaeLambda: passes?.gaeLambda ?? 1,
      autoreset: false,
      masked: task.interaction?.masked === true,
      normalizeObservations: false,
      normalizeRewards: false,
    };
    this.#recorder ??= await agent.collector(options, carried);
    return this.#recorder;
  }
}

/** What A2C learns from: the returns, or where programs have a random step the advantages that they make. */
function lessonOf(collected: Collected): Episodes | JudgedEpisodes {
  const { episodes, randomSteps } = collected;
  if (randomSteps === undefined) {
    return episodes;
  }
  const { lengths: _, returns, ...programs } = episodes;
  const { weights, advantages, silent } = countingOf(collected);
  return { ...programs, weights, advantages: silenced(advantages, silent), valueTargets: returns };
}

/** A2C on recorded steps: each is judged by what was earned from it on, as the return of a whole program is where it is paid at the end. */
const A2C: Omit<LearnConfig, keyof UpdateConfig> = {
  epochs: 1,
  minibatches: 1,
  clipRange: Infinity,
  clipRangeHigh: Infinity,
  klCoef: 0,
  valueClipRange: Infinity,
  targetKl: Infinity,
  normalizeAdvantage: false,
  ratio: false,
  reduction: 'episode',
};

/** One update of A2C with what is imitated beside it. */
async function updateBeside(
  agent: Agent,
  episodes: Episodes | JudgedEpisodes,
  update: UpdateConfig,
  beside: WeighedShown,
): Promise<UpdateStats> {
  const { baseline, valueCoef, entropyCoef, ...optimizer } = update;
  const losses = await agent.accumulate({ ...episodes, baseline, valueCoef, entropyCoef });
  const imitationLoss = await accumulateShown(agent, beside);
  return { ...losses, ...(await agent.apply(optimizer)), imitationLoss };
}

/** What the programs of a batch are worth among those for the same problem; undefined where a critic says. */
function judgedByGroups({ agent, passes, batchSize }: PracticeContext, returns: Float32Array): GroupAdvantages | undefined {
  const groups = passes?.groups;
  return groups && groupAdvantages(agent, returns, groupsOf(batchSize, groups.samples), groups);
}

function referenceOf({ agent, reference }: PracticeContext): Reference | undefined {
  return reference === undefined ? undefined : new Reference(agent, reference);
}

/** Coefficients that change over a stage, as they are now. */
function scheduled({ schedules = {} }: PracticeContext, progress: number): Partial<Record<'learningRate' | 'entropyCoef', number>> {
  return Object.fromEntries(Object.entries(schedules).map(([key, schedule]) => [key, valueAt(schedule, progress)]));
}
