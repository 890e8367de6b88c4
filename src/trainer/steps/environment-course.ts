import { Agent } from '../../agent/agent.js';
import { compareSpaces } from '../../agent/info.js';
import type { Shown, WeighedShown } from '../../agent/shown.js';
import { normalizeObserved } from '../../agent/teach.js';
import type { EntropyState } from '../../algorithm/learn.js';
import { planStepRun, type RunPlan } from '../../curriculum/curriculum.js';
import type { StageNames } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import { spacesOf } from '../../environment/spaces-of.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import { vectorize } from '../../environment/vectorize.js';
import { ClosedError } from '../../errors/closed-error.js';
import { InputError } from '../../errors/input-error.js';
import { OptionsError } from '../../errors/options-error.js';
import type { EpisodeMetrics, TrainingEvent } from '../../metrics/events.js';
import { Issues } from '../../util/issues.js';
import { OptionReader, readOptions } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import { type ProgressOption, refuseOptions } from '../common-options.js';
import type { Course } from '../course.js';
import type { Demonstrations } from '../imitate/demonstrations.js';
import { observedNumbers, readEpisodes } from '../imitate/episodes.js';
import { Imitation, type ImitationResult, type ImitationWatch, imitate, readImitateOptions } from '../imitate/imitation.js';
import type { Diagnosis } from '../measure/diagnosis.js';
import { measureEpisodes } from '../measure/environment-evaluator.js';
import { type EnvironmentEvaluation, readEvaluatedStages } from '../measure/evaluate.js';
import type { Explanation } from '../measure/explain.js';
import { TASK_OPTIONS } from '../options.js';
import type { RunWatch } from '../run/run-control.js';
import { EpisodeReplay } from './episode-replay.js';
import { EpisodeSource } from './episode-source.js';
import { type EnvironmentConfig, type LearningConfig, readEnvironmentLearning, readEnvironmentOptions } from './options.js';
import { FINAL_EPISODES, StepLoop } from './step-loop.js';

/** Training in environments: their options, their agent, the environments themselves, and the streams of their episodes. */
export class EnvironmentCourse implements Course<'environment'> {
  readonly agent: Agent;
  readonly lent: boolean;
  readonly task = undefined;
  readonly progress: ProgressOption<'environment'>;
  readonly signal: AbortSignal | undefined;
  /** How environments are trained in. */
  readonly learning: LearningConfig;
  /** The environments that are trained in. */
  readonly vector: VectorEnvironment;
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
    vector: VectorEnvironment,
    agent: Agent,
    imitated: Demonstrations | undefined,
  ) {
    const { envCount, sizes, imitation } = config;
    this.agent = agent;
    this.lent = config.agent !== undefined;
    this.progress = config.progress;
    this.signal = config.signal;
    this.learning = learning;
    this.vector = vector;
    const { seed } = sizes;
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
   * @returns The course.
   */
  static async make(options: unknown, reader: OptionReader, stages: unknown): Promise<EnvironmentCourse> {
    const config = readEnvironmentOptions(reader);
    refuseOptions(reader, TASK_OPTIONS, 'task');
    reader.finish();
    reader.issues.throwIfAny(OptionsError);
    if (config.agent?.closed === true) {
      throw new ClosedError('agent');
    }
    const { environment, envCount, stepTimeout } = config;
    const vector = await vectorize(environment, { size: envCount, stepTimeout });
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
      if (imitated !== undefined && learning.normalizeObservations) {
        await countObserved(agent, imitated);
      }
      return new EnvironmentCourse(config, learning, vector, agent, imitated);
    } catch (error) {
      await vector.close?.();
      throw error;
    }
  }

  plan(stages: unknown, issues: Issues): RunPlan {
    return planStepRun(stages, planContext(this.#config, this.vector), issues);
  }

  begin({ stages: plan }: RunPlan, watch: RunWatch<TrainingEvent<'environment'>>, resume?: CurriculumState): StepLoop {
    const { rolloutSteps, evaluateEvery, evaluationEpisodes } = this.#config;
    const measure = (stage: number, episodes: number, check: () => void): Promise<EpisodeMetrics> =>
      this.#measure(this.#evaluationSource, stage, episodes, check);
    return new StepLoop({ course: this, plan, resume, rolloutSteps, evaluateEvery, evaluationEpisodes, measure, ...watch });
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

function planContext({ maxSteps, envCount, rolloutSteps }: EnvironmentConfig, vector: VectorEnvironment) {
  return { ...stageNamesOf(vector), maxSteps, iterationSteps: envCount * rolloutSteps };
}

function stageNamesOf({ stages }: VectorEnvironment): StageNames {
  return { taskName: 'the environment', stageNames: stages };
}
