import { Agent } from '../../agent/agent.js';
import { compareSpaces } from '../../agent/info.js';
import type { Shown, WeighedShown } from '../../agent/shown.js';
import { normalizeObserved } from '../../agent/teach.js';
import type { EntropyState } from '../../algorithm/learn.js';
import { planStepRun, type RunPlan } from '../../curriculum/curriculum.js';
import type { StageNames } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { GuardedVector } from '../../environment/guarded-vector.js';
import { spacesOf } from '../../environment/spaces-of.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import { makeVector, vectorize } from '../../environment/vectorize.js';
import { ClosedError } from '../../errors/closed-error.js';
import { InputError } from '../../errors/input-error.js';
import { OptionsError } from '../../errors/options-error.js';
import type { EpisodeMetrics, TrainingEvent } from '../../metrics/events.js';
import { Issues } from '../../util/issues.js';
import { OptionReader, readOptions } from '../../util/option-reader.js';
import { Random, type RandomState, STREAMS } from '../../util/random.js';
import { describeEnvironment } from '../checkpoint/made-for.js';
import type { KeptState, RunSetup } from '../checkpoint/trainer-state.js';
import { type KeepingConfig, type ProgressOption, refuseOptions } from '../common-options.js';
import type { Course } from '../course.js';
import type { DeckState, Demonstrations } from '../imitate/demonstrations.js';
import { observedNumbers, readEpisodes } from '../imitate/episodes.js';
import { Imitation, type ImitationResult, type ImitationWatch, imitate, readImitateOptions } from '../imitate/imitation.js';
import type { Diagnosis } from '../measure/diagnosis.js';
import { measureEpisodes } from '../measure/environment-evaluator.js';
import { type EnvironmentEvaluation, readEvaluatedStages } from '../measure/evaluate.js';
import type { Explanation } from '../measure/explain.js';
import { TASK_OPTIONS } from '../options.js';
import type { RunWatch } from '../run/run-control.js';
import { EpisodeReplay } from './episode-replay.js';
import { EpisodeSource, type EpisodeSourceState } from './episode-source.js';
import { type EnvironmentConfig, type LearningConfig, readEnvironmentLearning, readEnvironmentOptions } from './options.js';
import { FINAL_EPISODES, StepLoop, type StepLoopState } from './step-loop.js';

/** What goes on from run to run. Plain data. */
interface EnvironmentCourseState {
  readonly source: EpisodeSourceState;
  readonly evaluation: EpisodeSourceState;
  readonly onDemand: EpisodeSourceState;
  readonly imitation: RandomState;
  readonly imitated: DeckState | undefined;
  readonly entropy: EntropyState;
}

/** Training in environments: their options, their agent, the environments themselves, and the streams of their episodes. */
export class EnvironmentCourse implements Course<'environment'> {
  readonly agent: Agent;
  readonly lent: boolean;
  readonly task = undefined;
  readonly progress: ProgressOption<'environment'>;
  readonly signal: AbortSignal | undefined;
  /** How environments are trained in. */
  readonly learning: LearningConfig;
  readonly keeping: KeepingConfig;
  readonly described: Pick<RunSetup, 'madeFor' | 'settings'>;
  /** The environments that are trained in. */
  readonly vector: VectorEnvironment & Partial<Pick<GuardedVector, 'save' | 'restore'>>;
  /** Episodes to train on. */
  readonly source: EpisodeSource;
  /** The entropy coefficient, where it changes as the agent learns. */
  entropy: EntropyState = { coef: undefined };
  readonly #config: EnvironmentConfig;
  readonly #evaluationSource: EpisodeSource;
  readonly #onDemandSource: EpisodeSource;
  /** The environments to measure in, made when they are first needed. */
  #measuring: Promise<VectorEnvironment> | undefined;
  /** When the measurement before the next one is done. */
  #measured: Promise<unknown> = Promise.resolve();

  readonly #imitationRandom: Random;
  readonly #imitation: Imitation | undefined;

  private constructor(
    config: EnvironmentConfig,
    learning: LearningConfig,
    vector: GuardedVector,
    agent: Agent,
    imitated: Demonstrations | undefined,
    lent: boolean,
  ) {
    const { envCount, sizes, imitation } = config;
    this.agent = agent;
    this.lent = lent;
    this.progress = config.progress;
    this.signal = config.signal;
    this.learning = learning;
    this.vector = vector;
    const { seed } = sizes;
    this.keeping = config.keeping;
    this.described = { madeFor: describeEnvironment(vector), settings: settingsOf(config, learning, imitated?.count) };
    const replay = config.replay === undefined ? undefined : new EpisodeReplay(config.replay, seed);
    this.source = new EpisodeSource(seed, STREAMS.training, envCount, replay);
    this.#config = config;
    this.#evaluationSource = new EpisodeSource(seed, STREAMS.evaluation, envCount);
    this.#onDemandSource = new EpisodeSource(seed, STREAMS.onDemand, envCount);
    this.#imitationRandom = new Random(seed, STREAMS.imitation);
    this.#imitation = imitation && imitated && new Imitation(imitated, imitation, this.#imitationRandom);
  }

  /**
   * @param options - What the caller passed.
   * @param reader - Over the same.
   * @param stages - Stages to be trained, if there are any.
   * @param resumed - Whether the agent's statistics have what is imitated.
   * @returns The course.
   */
  static async make(options: unknown, reader: OptionReader, stages: unknown, resumed = false): Promise<EnvironmentCourse> {
    const config = readEnvironmentOptions(reader);
    refuseOptions(reader, TASK_OPTIONS, 'task');
    reader.finish();
    reader.issues.throwIfAny(OptionsError);
    if (config.agent?.closed === true) {
      throw new ClosedError('agent');
    }
    const { environment, envCount, stepTimeout } = config;
    const vector = await makeVector(environment, { size: envCount, stepTimeout }, config.keeping.checkpoint !== undefined);
    try {
      const issues = new Issues();
      const learning = readEnvironmentLearning(options, config.algorithm, envCount, vector.algorithmOptions, issues);
      if (stages !== undefined) {
        planStepRun(stages, planContext(config, vector), issues);
      }
      const spaces = spacesOf(vector);
      if (config.agent !== undefined) {
        compareSpaces(config.agent.info, spaces, 'Pass the environment that the agent was made for.', issues.at('environment'));
      }
      const imitated = config.imitation && readEpisodes(config.imitation.programs, spaces, issues.at('imitation.programs'));
      issues.throwIfAny(OptionsError);
      const { runtime, ...sizes } = config.sizes;
      const agent = config.agent ?? (await Agent.create({ ...spaces, stages: vector.stages, ...sizes, ...runtime }));
      if (imitated !== undefined && learning.normalizeObservations && !resumed) {
        await countObserved(agent, imitated);
      }
      return new EnvironmentCourse(config, learning, vector, agent, imitated, config.agent !== undefined && !resumed);
    } catch (error) {
      await vector.close?.();
      throw error;
    }
  }

  plan(stages: unknown, issues: Issues): RunPlan {
    return planStepRun(stages, planContext(this.#config, this.vector), issues);
  }

  getState(): EnvironmentCourseState {
    return {
      source: this.source.getState(),
      evaluation: this.#evaluationSource.getState(),
      onDemand: this.#onDemandSource.getState(),
      imitation: this.#imitationRandom.getState(),
      imitated: this.#imitation?.getState(),
      entropy: this.entropy,
    };
  }

  setState(course: unknown, _run: KeptState): void {
    const state = course as EnvironmentCourseState;
    this.source.setState(state.source);
    this.#evaluationSource.setState(state.evaluation);
    this.#onDemandSource.setState(state.onDemand);
    this.#imitationRandom.setState(state.imitation);
    if (state.imitated !== undefined) {
      this.#imitation?.setState(state.imitated);
    }
    this.entropy = state.entropy;
  }

  begin({ stages: plan }: RunPlan, watch: RunWatch<TrainingEvent<'environment'>>, resume?: CurriculumState, from?: KeptState): StepLoop {
    const { rolloutSteps, evaluateEvery, evaluationEpisodes } = this.#config;
    const measure = (stage: number, episodes: number, check: () => void): Promise<EpisodeMetrics> =>
      this.#measure(this.#evaluationSource, stage, episodes, check);
    const mark = (): (() => void) => {
      const state = this.#evaluationSource.getState();
      return () => this.#evaluationSource.setState(state);
    };
    const goesOn = { resume, from: from as (StepLoopState & KeptState) | undefined };
    return new StepLoop({ course: this, plan, ...goesOn, rolloutSteps, evaluateEvery, evaluationEpisodes, measure, mark, ...watch });
  }

  async evaluate(options: unknown): Promise<EnvironmentEvaluation[]> {
    const { count, ids } = readOptions(options, (reader) => ({
      count: reader.count('episodes', FINAL_EPISODES),
      ids: readEvaluatedStages(reader, stageNamesOf(this.vector)),
    }));
    const evaluations: EnvironmentEvaluation[] = [];
    for (const stage of ids) {
      const { episodes, successRate, episodeReturnMean, episodeLengthMean } = await this.#measure(this.#onDemandSource, stage, count);
      const name = this.vector.stages[stage] ?? '';
      evaluations.push({ stage, name, episodes, successRate, meanReturn: episodeReturnMean, meanLength: episodeLengthMean });
    }
    return evaluations;
  }

  async imitate(given: unknown, options: unknown, watch: ImitationWatch): Promise<ImitationResult> {
    const { agent, learning } = this;
    const issues = new Issues();
    const reader = new OptionReader(options, issues);
    const config = readImitateOptions(reader, agent.info.update, this.progress === true);
    reader.finish();
    const episodes = readEpisodes(given, spacesOf(this.vector), issues.at('episodes'));
    issues.throwIfAny(OptionsError);
    const read = episodes as Demonstrations;
    if (learning.normalizeObservations) {
      await countObserved(agent, read);
    }
    const demonstrations = { ...read, shown: await asRead(agent, read.shown) };
    return imitate({ agent, demonstrations, config, random: this.#imitationRandom, ...watch });
  }

  /**
   * @param progress - Share of the stage that is done, 0 to below 1.
   * @returns Episodes that are imitated beside one rollout; undefined where there are none.
   */
  async imitated(progress: number): Promise<WeighedShown | undefined> {
    const next = this.#imitation?.next(progress);
    return next && { ...next, shown: await asRead(this.agent, next.shown) };
  }

  async explain(): Promise<Explanation[]> {
    const message = 'are explained of a task, and this trainer has environments.';
    throw new InputError([{ path: 'problems', message, remedy: 'Step a session() of the agent to see what it does.' }]);
  }

  async diagnose(): Promise<Diagnosis> {
    const message = 'are diagnosed of a task, and this trainer has environments.';
    throw new InputError([{ path: 'problems', message, remedy: 'Call evaluate(), and look for events of the type plateau.' }]);
  }

  async close(): Promise<void> {
    const measuring = this.#measuring?.then((vector) => vector.close?.());
    const closed = await Promise.allSettled([this.vector.close?.(), measuring]);
    const failed = closed.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  /** One measurement at a time: all are made in the same environments. */
  #measure(source: EpisodeSource, stage: number, episodes: number, check?: () => void): Promise<EpisodeMetrics> {
    const { environment, envCount, stepTimeout } = this.#config;
    const measured = this.#measured.then(async () => {
      this.#measuring ??= vectorize(environment, { size: envCount, stepTimeout });
      // One that could not be made is made anew the next time.
      this.#measuring.catch(() => {
        this.#measuring = undefined;
      });
      const vector = await this.#measuring;
      return measureEpisodes({ agent: this.agent, vector, source, ...(check === undefined ? {} : { check }) }, stage, episodes);
    });
    this.#measured = measured.catch(() => undefined);
    return measured;
  }
}

/** Numbers that were observed count among the agent's statistics, once. */
async function countObserved(agent: Agent, of: Demonstrations): Promise<void> {
  await normalizeObserved(agent, observedNumbers(of), true);
}

/** Numbers as the network reads them now. */
async function asRead(agent: Agent, shown: Shown): Promise<Shown> {
  const { observed } = shown;
  return observed?.dense === undefined
    ? shown
    : { ...shown, observed: { ...observed, dense: await normalizeObserved(agent, observed.dense, false) } };
}

/** Options as they decide what is learned, by the names that callers give them. */
function settingsOf(config: EnvironmentConfig, learning: LearningConfig, imitated: number | undefined): Readonly<Record<string, unknown>> {
  const { sizes, envCount, rolloutSteps, replay, evaluateEvery, evaluationEpisodes, maxSteps, imitation } = config;
  const { algorithm, normalizeObservations, normalizeRewards } = learning;
  return {
    seed: sizes.seed,
    envCount,
    rolloutSteps,
    replay,
    evaluateEvery,
    evaluationEpisodes,
    maxSteps,
    normalizeObservations,
    normalizeRewards,
    ...algorithm,
    imitation: imitation && { weight: imitation.weight, batchSize: imitation.batchSize, programs: imitated },
  };
}

function planContext({ maxSteps, envCount, rolloutSteps }: EnvironmentConfig, vector: VectorEnvironment) {
  return { ...stageNamesOf(vector), maxSteps, iterationSteps: envCount * rolloutSteps };
}

function stageNamesOf({ stages }: VectorEnvironment): StageNames {
  return { taskName: 'the environment', stageNames: stages };
}
