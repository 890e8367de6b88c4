import type { RolloutCollector } from '../../agent/collector.js';
import { type LearnStats, learnConfig, nextEntropyState } from '../../algorithm/learn.js';
import { meets } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { EpisodeMetrics, EvaluationEvent, StageEndEvent, TrainingEvent } from '../../metrics/events.js';
import type { Measured } from '../../task/measured.js';
import type { CourseRun } from '../course.js';
import type { RunProgress } from '../loop/run-state.js';
import type { EnvironmentTrainingResult, PartialTrainingResult } from '../run/result.js';
import { RunControl, type RunWatch } from '../run/run-control.js';
import { SafePoints } from '../run/safe-points.js';
import { type Plateau, type PlateauState, PlateauWatch, STEPS_PLATEAU } from '../watch/plateau.js';
import { plateauEvent } from '../watch/plateau-event.js';
import type { EnvironmentCourse } from './environment-course.js';
import type { EpisodeTallyState } from './episode-tally.js';
import { RolloutRunner } from './rollout.js';
import { StepRunState } from './step-run-state.js';

/** Episodes of the final evaluation, and of the one that confirms a target. */
export const FINAL_EPISODES = 100;

/** Iterations between two evaluations of a stage with a target, where the caller does not say. */
const EVALUATE_EVERY = 10;

type StepEvent = TrainingEvent<'environment'>;

/** What a run works with. */
export interface StepLoopContext extends RunWatch<StepEvent> {
  /** Agent, environments and how they are learned from; what goes on from run to run. */
  readonly course: Pick<EnvironmentCourse, 'agent' | 'vector' | 'source' | 'learning' | 'entropy' | 'imitated'>;
  readonly plan: readonly PlannedStage[];
  /** Where the run begins; absent: at its begin. */
  readonly resume?: CurriculumState | undefined;
  /** How it goes on that was interrupted; absent: it begins. */
  readonly from?: StepLoopState | undefined;
  readonly rolloutSteps: number;
  readonly evaluateEvery: number | undefined;
  readonly evaluationEpisodes: number;
  /** Measures the agent in fresh greedy episodes. */
  readonly measure: (stage: number, episodes: number, check: () => void) => Promise<EpisodeMetrics>;
  /** Returns what puts the streams of measurements back to where they are now; absent: they are nobody's concern. */
  readonly mark?: () => () => void;
}

/** How a run goes on. Plain data. */
export interface StepLoopState {
  readonly progress: RunProgress;
  /** The stage under way; undefined between two stages. */
  readonly under: StageUnderWay | undefined;
  /** That it stands still, where that is still to be said. */
  readonly plateau: Plateau | undefined;
  readonly watch: PlateauState | undefined;
}

/** Rows of a stage between two rollouts. */
export interface StageUnderWay {
  readonly tally: EpisodeTallyState;
  /** What the collector's rows carry on. */
  readonly carried: Uint8Array;
  /** The environments; undefined where they cannot be saved. */
  readonly vector: unknown;
}

/** What a stage is trained with. */
interface Rows {
  readonly collector: RolloutCollector;
  readonly runner: RolloutRunner;
}

/** One run in environments: for each stage collect a rollout and learn from it, over and over; measure now and then; go on when a target is reached. */
export class StepLoop implements CourseRun<'environment'> {
  readonly #context: StepLoopContext;
  readonly #control: RunControl<StepEvent>;
  readonly #state: StepRunState;
  readonly #points: SafePoints<'environment'>;
  #watch: PlateauWatch | undefined;
  /** Of the stage under way. */
  #rows: Rows | undefined;
  /** The stage that was under way when the run was interrupted, until it goes on. */
  #under: StageUnderWay | undefined;
  #plateau: Plateau | undefined;
  /** What the last rollout of the current stage reached. */
  #sampled: Measured | undefined;

  /** @param context - What the run works with. */
  constructor(context: StepLoopContext) {
    this.#context = context;
    this.#control = new RunControl(context);
    this.#state = new StepRunState(context.plan, context.course.vector.size * context.rolloutSteps);
    const { from } = context;
    if (from !== undefined) {
      this.#state.setState(from.progress);
      this.#under = from.under;
      this.#plateau = from.plateau;
      if (from.watch !== undefined) {
        this.#watch = this.#watchOf(this.#entry, from.watch);
        this.#watch.setState(from.watch);
      }
    } else if (context.resume !== undefined) {
      this.#state.resume(context.resume);
    }
    this.#points = new SafePoints(context, this.#control, {
      snapshot: async () => this.#snapshot(),
      position: () => this.#state.position(this.#entry),
      measured: () => this.#state.measured.get(this.#entry.stage) ?? this.#sampled,
      iterations: () => this.#state.iterations,
    });
  }

  /** @returns What was done, measured with the final agent. */
  async run(): Promise<EnvironmentTrainingResult> {
    try {
      return await this.#train();
    } catch (error) {
      await this.#points.failed(error);
      throw error;
    } finally {
      this.#leave();
    }
  }

  #train(): Promise<EnvironmentTrainingResult> {
    return this.#control.watch(async () => {
      await this.#points.begin();
      for (const entry of this.#context.plan.slice(this.#state.entry)) {
        if (!this.#control.interrupted()) {
          await this.#trainStage(entry);
        }
      }
      return this.#finish();
    });
  }

  /** @returns What was done so far, measured as far as it was. */
  partial(): PartialTrainingResult {
    return this.#state.result(this.#context.course.agent, this.#control.stopped);
  }

  /** @returns Where the run is in its curriculum. */
  curriculum(): CurriculumState {
    return this.#state.place();
  }

  /** The current stage; the last one when all are done. */
  get #entry(): PlannedStage {
    const { plan } = this.#context;
    return plan[Math.min(this.#state.entry, plan.length - 1)] as PlannedStage;
  }

  #snapshot(): StepLoopState {
    const { vector } = this.#context.course;
    const rows = this.#rows;
    const under = rows && { tally: rows.runner.getState(), carried: rows.collector.carried(), vector: vector.save?.() };
    return { progress: this.#state.getState(), under: under ?? this.#under, plateau: this.#plateau, watch: this.#watch?.getState() };
  }

  #watchOf(entry: PlannedStage, { highest, begun }: Pick<PlateauState, 'highest' | 'begun'>): PlateauWatch {
    return new PlateauWatch(STEPS_PLATEAU, entry.target, this.#context.course.vector.actionCount, highest, begun);
  }

  async #trainStage(entry: PlannedStage): Promise<void> {
    const state = this.#state;
    const reached = await this.#trainRows(entry, await this.#enter(entry));
    if (reached) {
      state.reached.push(entry);
    }
    if (!this.#control.stopped) {
      this.#leave();
      this.#plateau = undefined;
      this.#sampled = undefined;
      state.entry = entry.index + 1;
      const reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'steps' : 'budget';
      const stageIteration = state.spentOn(entry);
      await this.#control.emit({ type: 'stage-end', ...state.position(entry), stageIteration, reason: reached ? 'reached' : reason });
      await this.#points.point();
    }
  }

  /** A stage begins, or goes on. */
  async #enter(entry: PlannedStage): Promise<Rows> {
    const { plan, rolloutSteps, course } = this.#context;
    const { agent, vector, source, learning } = course;
    const state = this.#state;
    const under = this.#under;
    const exact = under?.vector !== undefined && vector.restore !== undefined;
    if (under === undefined) {
      this.#watch = this.#watchOf(entry, { highest: this.#watch?.highestEntropy ?? 0, begun: state.spentOn(entry) });
      await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
    }
    const { algorithm, normalizeObservations, normalizeRewards } = learning;
    const options = {
      rows: vector.size,
      steps: rolloutSteps,
      gamma: algorithm.gamma,
      gaeLambda: algorithm.gaeLambda,
      autoreset: true,
      masked: vector.masked,
      normalizeObservations,
      normalizeRewards,
    };
    // States restart with the stage: these are new rows.
    const collector = await agent.collector(options, exact ? under.carried : undefined);
    try {
      // A run that is kept ends between two iterations.
      const control = this.#points.kept ? { checkAbort: () => undefined } : this.#control;
      const runner = new RolloutRunner({ vector, collector, source, rolloutSteps, control });
      if (exact) {
        const others = (await vector.restore?.(under.vector, source.next)) ?? [];
        runner.resume(entry.stage, under.tally);
        await this.#sayOthers(entry, others);
      } else {
        await runner.begin(entry.stage);
        await this.#sayOthers(entry, under === undefined ? [] : undefined);
      }
      this.#under = undefined;
      this.#rows = { collector, runner };
      return this.#rows;
    } catch (error) {
      collector.close();
      throw error;
    }
  }

  /** Says which rows do not go on as they were; undefined: none does. */
  async #sayOthers(entry: PlannedStage, others: readonly number[] | undefined): Promise<void> {
    if (others?.length !== 0) {
      const which =
        others === undefined ? 'cannot be saved: their episodes begin anew' : `${others.join(', ')} did not do again what they had done`;
      const message = `environments ${which}, so the run goes on otherwise than it would have.`;
      const remedy = 'Give them getState and setState.';
      await this.#control.emit({ type: 'warning', ...this.#state.position(entry), code: 'not-exact', message, remedy });
    }
  }

  #leave(): void {
    this.#rows?.collector.close();
    this.#rows = undefined;
  }

  /** Iterations up to the budget. Returns whether the target is reached. */
  async #trainRows(entry: PlannedStage, { runner, collector }: Rows): Promise<boolean> {
    const state = this.#state;
    if (await this.#measures(entry)) {
      return true;
    }
    await this.#sayPlateau(entry);
    for (let k = state.spentOn(entry) + 1; k <= entry.maxIterations && !this.#control.interrupted(); k += 1) {
      await this.#iterate(entry, k, runner, collector);
      if (await this.#measures(entry)) {
        return true;
      }
      await this.#sayPlateau(entry);
      await this.#points.point();
    }
    return false;
  }

  async #sayPlateau(entry: PlannedStage): Promise<void> {
    const plateau = this.#plateau;
    if (plateau !== undefined && !this.#control.interrupted()) {
      this.#plateau = undefined;
      await this.#control.emit(plateauEvent(this.#state.position(entry), this.#state.spentOn(entry), plateau, true));
    }
  }

  /** The measurement that is due, if there is one. Returns whether the target is reached. */
  #measures(entry: PlannedStage): Promise<boolean> {
    const mark = (): (() => void) => {
      const streams = this.#context.mark?.();
      const evaluations = this.#watch?.evaluations ?? 0;
      return () => {
        streams?.();
        this.#watch?.forget(evaluations);
      };
    };
    return this.#points.measure(this.#state, mark, () => this.#reaches(entry));
  }

  /** One iteration. */
  async #iterate(entry: PlannedStage, k: number, runner: RolloutRunner, collector: RolloutCollector): Promise<void> {
    const { course } = this.#context;
    const { agent, vector, source, learning } = course;
    const { entropyTarget } = learning.algorithm;
    const begun = performance.now();
    const rollout = await runner.collect();
    const replay = source.replay?.take();
    const progress = (k - 1) / entry.maxIterations;
    const config = learnConfig(learning.algorithm, progress, course.entropy);
    const stats = await agent.learn(collector, config, await course.imitated(progress));
    course.entropy = nextEntropyState(config, stats.entropy, entropyTarget, k / entry.maxIterations, vector.actionCount);
    const train: LearnStats = { ...stats, learningRate: config.learningRate, entropyCoef: config.entropyCoef };
    const state = this.#state;
    state.episodes += rollout.episodes;
    state.count([entry], performance.now() - begun);
    state.measures = this.#evaluates(entry, k);
    const { episodes: count, successRate, episodeReturnMean: meanReturn } = rollout;
    this.#plateau =
      this.#watch?.iteration({ count, successRate, meanReturn, entropy: stats.entropy, varied: true, groups: [] }) ?? this.#plateau;
    this.#sampled = { successRate, meanReturn };
    await this.#control.emit({
      type: 'iteration',
      ...state.position(entry),
      stageIteration: k,
      rollout,
      train,
      ...(replay === undefined ? {} : { replay }),
      time: state.stepTime(),
      curriculum: { stage: entry.stage },
    });
  }

  #evaluates(entry: PlannedStage, k: number): boolean {
    const fixed = entry.rule === 'iterations';
    const every = this.#context.evaluateEvery ?? (fixed ? Infinity : EVALUATE_EVERY);
    return k % every === 0 || (!fixed && k === entry.maxIterations);
  }

  /** Whether the stage may be left: its target is reached in some episodes, and then in more of them. */
  async #reaches(entry: PlannedStage): Promise<boolean> {
    const { evaluationEpisodes } = this.#context;
    const progress = await this.#measure(entry, 'progress', evaluationEpisodes);
    if (entry.rule === 'iterations' || !meets(entry.target, progress) || this.#control.interrupted()) {
      return false;
    }
    return meets(entry.target, await this.#measure(entry, 'confirmation', Math.max(FINAL_EPISODES, evaluationEpisodes)));
  }

  async #finish(): Promise<EnvironmentTrainingResult> {
    await this.#points.finish(() =>
      this.#control.measureStages(this.#context.plan, (entry) => this.#measure(entry, 'final', FINAL_EPISODES)),
    );
    // Every stage has been measured.
    return this.partial() as EnvironmentTrainingResult;
  }

  async #measure(entry: PlannedStage, purpose: EvaluationEvent['purpose'], episodes: number): Promise<Measured> {
    const state = this.#state;
    const { stage } = entry;
    const { iterations, envSteps } = state.stepTime();
    const metrics = await this.#context.measure(stage, episodes, () => this.#control.checkAbort());
    const measured = { successRate: metrics.successRate, meanReturn: metrics.episodeReturnMean };
    state.measured.set(stage, measured);
    this.#watch?.evaluation(episodes, measured);
    await this.#control.emit({
      type: 'evaluation',
      ...state.position(entry),
      purpose,
      eval: metrics,
      time: { iterations, envSteps },
      curriculum: { stage },
    });
    return measured;
  }
}
