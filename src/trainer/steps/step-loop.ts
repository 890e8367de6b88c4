import type { RolloutCollector } from '../../agent/collector.js';
import { type LearnStats, learnConfig, nextEntropyState } from '../../algorithm/learn.js';
import { meets } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { EpisodeMetrics, EvaluationEvent, StageEndEvent, TrainingEvent } from '../../metrics/events.js';
import type { Measured } from '../../task/measured.js';
import type { CourseRun } from '../course.js';
import type { EnvironmentTrainingResult, PartialTrainingResult } from '../run/result.js';
import { RunControl, type RunWatch } from '../run/run-control.js';
import { type Plateau, PlateauWatch, STEPS_PLATEAU } from '../watch/plateau.js';
import { plateauEvent } from '../watch/plateau-event.js';
import type { EnvironmentCourse } from './environment-course.js';
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
  readonly rolloutSteps: number;
  readonly evaluateEvery: number | undefined;
  readonly evaluationEpisodes: number;
  /** Measures the agent in fresh greedy episodes. */
  readonly measure: (stage: number, episodes: number, check: () => void) => Promise<EpisodeMetrics>;
}

/** One run in environments: for each stage collect a rollout and learn from it, over and over; measure now and then; go on when a target is reached. */
export class StepLoop implements CourseRun<'environment'> {
  readonly #context: StepLoopContext;
  readonly #control: RunControl<StepEvent>;
  readonly #state: StepRunState;
  #watch: PlateauWatch | undefined;

  /** @param context - What the run works with. */
  constructor(context: StepLoopContext) {
    this.#context = context;
    this.#control = new RunControl(context);
    this.#state = new StepRunState(context.plan, context.course.vector.size * context.rolloutSteps);
    if (context.resume !== undefined) {
      this.#state.resume(context.resume);
    }
  }

  /** @returns What was done, measured with the final agent. */
  run(): Promise<EnvironmentTrainingResult> {
    return this.#control.watch(async () => {
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

  async #trainStage(entry: PlannedStage): Promise<void> {
    const { plan, rolloutSteps, course } = this.#context;
    const { agent, vector, source, learning } = course;
    const state = this.#state;
    await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
    const { algorithm, normalizeObservations, normalizeRewards } = learning;
    // States restart with the stage: these are new rows.
    const collector = await agent.collector({
      rows: vector.size,
      steps: rolloutSteps,
      gamma: algorithm.gamma,
      gaeLambda: algorithm.gaeLambda,
      autoreset: true,
      masked: vector.masked,
      normalizeObservations,
      normalizeRewards,
    });
    const highest = this.#watch?.highestEntropy ?? 0;
    this.#watch = new PlateauWatch(STEPS_PLATEAU, entry.target, vector.actionCount, highest, state.spentOn(entry));
    let reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'steps' : 'budget';
    try {
      const runner = new RolloutRunner({ vector, collector, source, rolloutSteps, control: this.#control });
      await runner.begin(entry.stage);
      for (let k = state.spentOn(entry) + 1; k <= entry.maxIterations && !this.#control.interrupted(); k += 1) {
        const plateau = await this.#iterate(entry, k, runner, collector);
        if (this.#evaluates(entry, k) && !this.#control.interrupted() && (await this.#reaches(entry))) {
          state.reached.push(entry);
          reason = 'reached';
          break;
        }
        if (plateau !== undefined && !this.#control.interrupted()) {
          await this.#control.emit(plateauEvent(state.position(entry), k, plateau, true));
        }
      }
    } finally {
      collector.close();
    }
    if (!this.#control.stopped) {
      state.entry = entry.index + 1;
      await this.#control.emit({ type: 'stage-end', ...state.position(entry), stageIteration: state.spentOn(entry), reason });
    }
  }

  /** One iteration. Returns that the stage stands still, where that is news. */
  async #iterate(entry: PlannedStage, k: number, runner: RolloutRunner, collector: RolloutCollector): Promise<Plateau | undefined> {
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
    const { episodes: count, successRate, episodeReturnMean: meanReturn } = rollout;
    return this.#watch?.iteration({ count, successRate, meanReturn, entropy: stats.entropy, varied: true, groups: [] });
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
    await this.#control.measureStages(this.#context.plan, (entry) => this.#measure(entry, 'final', FINAL_EPISODES));
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
