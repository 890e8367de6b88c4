import type { MixedStage } from '../../curriculum/mixture.js';
import { meets, requirements } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { EvaluationEvent, StageEndEvent } from '../../metrics/events.js';
import type { Measured, MeasuredGroups } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import { type Practice, type PracticeContext, type PracticeState, practiceOf } from '../collect/practice.js';
import type { RunDiagnosis } from '../measure/diagnosis.js';
import { Evaluator } from '../measure/evaluator.js';
import type { PartialTrainingResult, TrainingResult } from '../run/result.js';
import { RunControl, type RunWatch } from '../run/run-control.js';
import { SafePoints } from '../run/safe-points.js';
import type { Plateau } from '../watch/plateau.js';
import { plateauEvent } from '../watch/plateau-event.js';
import { StageWatch, type StageWatchState } from '../watch/stage-watch.js';
import { type RunProgress, RunState } from './run-state.js';

/** Problems of the final evaluation, and of the one that confirms mastery. */
export const FINAL_PROBLEMS = 1000;

/** What a run works with. */
export interface LoopContext extends PracticeContext, RunWatch {
  readonly evaluateEvery: number;
  readonly evaluationProblems: number;
  /** Problems to measure with. */
  readonly evaluationRandom: Random;
  /** Where the run begins; absent: at its begin. */
  readonly resume?: CurriculumState | undefined;
  /** How it goes on that was interrupted; absent: it begins. */
  readonly from?: LoopState | undefined;
}

/** How a run goes on. Plain data. */
export interface LoopState {
  readonly progress: RunProgress;
  /** Whether a stage, or the mixture, is under way: it has been said to begin. */
  readonly under: boolean;
  /** That it stands still, where that is still to be said. */
  readonly plateau: Plateau | undefined;
  readonly watch: StageWatchState;
  readonly practice: PracticeState;
}

/** One run: for each stage collect and update; measure now and then; go on to the next stage when its rule says so. */
export class TrainingLoop {
  readonly #context: LoopContext;
  readonly #practice: Practice;
  readonly #evaluator: Evaluator;
  readonly #state: RunState;
  readonly #control: RunControl;
  readonly #watch: StageWatch;
  readonly #points: SafePoints<'task'>;
  /** Iterations of a mixture. */
  #mixed = 0;
  /** See {@link LoopState}. */
  #under = false;
  #plateau: Plateau | undefined;
  /** What the last batch of the current stage reached. */
  #sampled: Measured | undefined;

  /** @param context - What the run works with. */
  constructor(context: LoopContext) {
    this.#context = context;
    this.#watch = new StageWatch(context.task);
    this.#practice = practiceOf({ ...context, watch: this.#watch });
    this.#evaluator = new Evaluator(context);
    this.#state = new RunState(context.plan, context.batchSize);
    const { from } = context;
    const place = from === undefined ? context.resume : from.progress.place;
    if (from !== undefined) {
      this.#state.setState(from.progress);
      this.#watch.setState(from.watch, context.plan);
      this.#under = from.under;
      this.#plateau = from.plateau;
    } else if (place !== undefined) {
      this.#state.resume(place);
    }
    if (place?.mixture !== undefined) {
      this.#mixed = place.mixture.iterations;
      context.mixture?.setState(place.mixture);
    }
    this.#control = new RunControl(context);
    this.#points = new SafePoints(context, this.#control, {
      snapshot: () => this.#snapshot(),
      position: () => this.#state.position(this.#entry),
      measured: () => this.#state.measured.get(this.#entry.stage) ?? this.#sampled,
      iterations: () => this.#state.iterations,
    });
  }

  /** @returns What was done, measured with the final agent. */
  async run(): Promise<TrainingResult> {
    try {
      return await this.#control.watch(async () => {
        const { plan, mixture, from } = this.#context;
        if (from !== undefined) {
          await this.#practice.resume(from.practice);
        }
        await this.#points.begin();
        if (mixture !== undefined) {
          await this.#trainMixture(plan);
        } else {
          for (const entry of plan.slice(this.#state.entry)) {
            await this.#trainStage(entry);
          }
        }
        return this.#finish();
      });
    } catch (error) {
      await this.#points.failed(error);
      throw error;
    } finally {
      await this.#practice.close();
    }
  }

  /** @returns What was done so far, measured as far as it was. */
  partial(): PartialTrainingResult {
    return this.#state.result(this.#context.agent, this.#context.pipe.stopRequested);
  }

  /** @returns Where the run is in its curriculum. */
  curriculum(): CurriculumState {
    const { mixture } = this.#context;
    const place = this.#state.place();
    return mixture === undefined ? place : { ...place, mixture: { iterations: this.#mixed, ...mixture.getState() } };
  }

  /** The current stage; the last one when all are done. */
  get #entry(): PlannedStage {
    const { plan } = this.#context;
    return plan[Math.min(this.#state.entry, plan.length - 1)] as PlannedStage;
  }

  async #snapshot(): Promise<LoopState> {
    const progress = { ...this.#state.getState(), place: this.curriculum() };
    const practice = await this.#practice.getState();
    return { progress, under: this.#under, plateau: this.#plateau, watch: this.#watch.getState(), practice };
  }

  /** How far the run is, and whether it stands still. */
  get progress(): RunDiagnosis {
    const watch = this.#watch;
    const { iterations, reached } = this.#state;
    const stages = this.#context.plan.map((entry) => ({
      name: entry.name,
      iterations: this.#state.spentOn(entry),
      reached: reached.includes(entry),
    }));
    return { iterations, stages, current: watch.entry?.name, entropy: watch.entropy, groups: watch.groups, plateau: watch.standing };
  }

  async #trainStage(entry: PlannedStage): Promise<void> {
    const { plan } = this.#context;
    const state = this.#state;
    if (this.#control.interrupted()) {
      return;
    }
    if (!this.#under) {
      await this.#practice.enter();
      this.#begin(entry, state.spentOn(entry));
      await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
    }
    const reached = await this.#iterate(entry, state.spentOn(entry));
    if (reached) {
      state.reached.push(entry);
    }
    await this.#end([entry], reached);
  }

  /** All stages at once: each begins, and each ends. */
  async #trainMixture(entries: readonly PlannedStage[]): Promise<void> {
    const state = this.#state;
    const [first] = entries;
    if (first === undefined || state.entry > 0 || this.#control.interrupted()) {
      return;
    }
    if (!this.#under) {
      this.#begin(first, this.#mixed);
      for (const entry of entries) {
        const stageCount = entries.length;
        await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount, maxIterations: entry.maxIterations });
      }
    }
    const reached = await this.#iterate(first, this.#mixed);
    if (reached) {
      state.reached.push(...entries);
    }
    await this.#end(entries, reached);
  }

  #begin(entry: PlannedStage, done: number): void {
    this.#watch.begin(entry, done, this.#context.mixture !== undefined);
    this.#under = true;
  }

  async #end(entries: readonly PlannedStage[], reached: boolean): Promise<void> {
    const state = this.#state;
    if (this.#context.pipe.stopRequested) {
      return;
    }
    this.#under = false;
    this.#plateau = undefined;
    this.#sampled = undefined;
    for (const entry of entries) {
      state.entry = entry.index + 1;
      const reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'iterations' : 'budget';
      const stageIteration = state.spentOn(entry);
      await this.#control.emit({ type: 'stage-end', ...state.position(entry), stageIteration, reason: reached ? 'reached' : reason });
    }
    await this.#points.point();
  }

  /** Iterations up to the budget. Returns whether the stage may be left before. */
  async #iterate(entry: PlannedStage, done: number): Promise<boolean> {
    const { evaluateEvery } = this.#context;
    if (await this.#measures(entry)) {
      return true;
    }
    await this.#sayPlateau(entry, done);
    for (let k = done + 1; k <= entry.maxIterations && !this.#control.interrupted(); k += 1) {
      const last = k === entry.maxIterations;
      const evaluates = k % evaluateEvery === 0 || (last && entry.rule !== 'iterations');
      const mayLeave = last || (evaluates && entry.rule !== 'iterations');
      await this.#step(entry, k, !mayLeave, evaluates);
      if (await this.#measures(entry)) {
        return true;
      }
      await this.#sayPlateau(entry, k);
      await this.#points.point();
    }
    return false;
  }

  async #sayPlateau(entry: PlannedStage, k: number): Promise<void> {
    const plateau = this.#plateau;
    if (plateau !== undefined && !this.#control.interrupted()) {
      this.#plateau = undefined;
      await this.#control.emit(plateauEvent(this.#state.position(entry), k, plateau, this.#context.replay !== undefined));
    }
  }

  /** The measurement that is due, if there is one. Returns whether the stage may be left. */
  #measures(entry: PlannedStage): Promise<boolean> {
    const mark = (): (() => void) => {
      const { evaluationRandom } = this.#context;
      const random = evaluationRandom.getState();
      const { evaluations } = this.#watch;
      return () => {
        evaluationRandom.setState(random);
        this.#watch.forget(evaluations);
      };
    };
    return this.#points.measure(this.#state, mark, () => this.#reaches(entry));
  }

  /** One iteration. */
  async #step(entry: PlannedStage, k: number, drawAhead: boolean, measures: boolean): Promise<void> {
    const { mixture } = this.#context;
    const begun = performance.now();
    const rollout = await this.#practice.collect(entry, k);
    const mixed = mixture?.stages;
    const replayed = this.#context.replay?.metrics;
    const updated = this.#practice.learn((k - 1) / entry.maxIterations);
    if (drawAhead) {
      this.#practice.drawAhead(entry, k + 1);
    }
    const train = await updated;
    const state = this.#state;
    const current = mixed === undefined ? entry : this.#leading(mixed);
    state.count(mixed === undefined ? [entry] : this.#present(mixed), performance.now() - begun);
    this.#mixed += 1;
    state.measures = measures;
    this.#plateau = this.#watch.iteration(rollout, train) ?? this.#plateau;
    this.#sampled = { successRate: rollout.successRate, meanReturn: rollout.episodeReturnMean };
    const { groups } = this.#watch;
    await this.#control.emit({
      type: 'iteration',
      ...state.position(current),
      stageIteration: k,
      rollout,
      train,
      ...(replayed === undefined ? {} : { replay: replayed }),
      time: state.time(),
      curriculum: { stage: current.stage },
      ...(mixed === undefined ? {} : { mixture: mixed }),
      ...(groups === undefined ? {} : { groups }),
    });
  }

  /** The stages that a batch had problems of. */
  #present(mixed: readonly MixedStage[]): PlannedStage[] {
    return this.#context.plan.filter((_, i) => (mixed[i]?.problems ?? 0) > 0);
  }

  /** The stage that a batch had most problems of. */
  #leading(mixed: readonly MixedStage[]): PlannedStage {
    const most = Math.max(...mixed.map(({ problems }) => problems));
    return this.#context.plan[mixed.findIndex(({ problems }) => problems === most)] as PlannedStage;
  }

  /** Whether the stage may be left: what it requires holds on a first sample of problems, and on a second, larger one. */
  async #reaches(entry: PlannedStage): Promise<boolean> {
    const { evaluationProblems, plan, mixture } = this.#context;
    const required = mixture === undefined ? requirements(entry, this.#state.reached) : plan;
    const at = (other: PlannedStage): PlannedStage => (mixture === undefined ? entry : other);
    if (entry.rule === 'iterations') {
      for (const other of required) {
        if (!this.#control.interrupted()) {
          await this.#measure(other, 'progress', evaluationProblems, at(other));
        }
      }
      return false;
    }
    for (const [purpose, problems] of [
      ['progress', evaluationProblems],
      ['confirmation', Math.max(FINAL_PROBLEMS, evaluationProblems)],
    ] as const) {
      for (const other of required) {
        if (this.#control.interrupted() || !meets(other.target, await this.#measure(other, purpose, problems, at(other)))) {
          return false;
        }
      }
    }
    return true;
  }

  async #finish(): Promise<TrainingResult> {
    await this.#points.finish(() =>
      this.#control.measureStages(this.#context.plan, (entry) => this.#measure(entry, 'final', FINAL_PROBLEMS)),
    );
    // Every stage has been measured.
    return this.partial() as TrainingResult;
  }

  async #measure(
    entry: PlannedStage,
    purpose: EvaluationEvent['purpose'],
    problems: number,
    current: PlannedStage = entry,
  ): Promise<MeasuredGroups> {
    const { evaluationRandom } = this.#context;
    const state = this.#state;
    const { stage, name } = entry;
    const measured = await this.#evaluator.measure(stage, problems, evaluationRandom);
    const { successRate, meanReturn } = measured;
    state.measured.set(stage, measured);
    this.#watch.evaluation(stage, problems, measured);
    await this.#control.emit({
      type: 'evaluation',
      ...state.position(current),
      stage,
      name,
      purpose,
      eval: { problems, successRate, episodeReturnMean: meanReturn },
      time: { iterations: state.iterations },
      curriculum: { stage },
    });
    return measured;
  }
}
