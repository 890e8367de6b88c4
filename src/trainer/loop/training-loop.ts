import type { MixedStage } from '../../curriculum/mixture.js';
import { meets, requirements } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { EvaluationEvent, StageEndEvent } from '../../metrics/events.js';
import type { MeasuredGroups } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import { type Practice, type PracticeContext, practiceOf } from '../collect/practice.js';
import type { RunDiagnosis } from '../measure/diagnosis.js';
import { Evaluator } from '../measure/evaluator.js';
import type { PartialTrainingResult, TrainingResult } from '../run/result.js';
import { RunControl, type RunWatch } from '../run/run-control.js';
import type { Plateau } from '../watch/plateau.js';
import { plateauEvent } from '../watch/plateau-event.js';
import { StageWatch } from '../watch/stage-watch.js';
import { RunState } from './run-state.js';

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
}

/** One run: for each stage collect and update; measure now and then; go on to the next stage when its rule says so. */
export class TrainingLoop {
  readonly #context: LoopContext;
  readonly #practice: Practice;
  readonly #evaluator: Evaluator;
  readonly #state: RunState;
  readonly #control: RunControl;
  readonly #watch: StageWatch;
  /** Iterations of a mixture. */
  #mixed = 0;

  /** @param context - What the run works with. */
  constructor(context: LoopContext) {
    this.#context = context;
    this.#watch = new StageWatch(context.task);
    this.#practice = practiceOf({ ...context, watch: this.#watch });
    this.#evaluator = new Evaluator(context);
    this.#state = new RunState(context.plan, context.batchSize);
    if (context.resume !== undefined) {
      this.#state.resume(context.resume);
    }
    if (context.resume?.mixture !== undefined) {
      this.#mixed = context.resume.mixture.iterations;
      context.mixture?.setState(context.resume.mixture);
    }
    this.#control = new RunControl(context);
  }

  /** @returns What was done, measured with the final agent. */
  async run(): Promise<TrainingResult> {
    try {
      return await this.#control.watch(async () => {
        const { plan, mixture } = this.#context;
        if (mixture !== undefined) {
          await this.#trainMixture(plan);
        } else {
          for (const entry of plan.slice(this.#state.entry)) {
            await this.#trainStage(entry);
          }
        }
        return this.#finish();
      });
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
    await this.#practice.enter();
    await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
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
    for (const entry of entries) {
      const stageCount = entries.length;
      await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount, maxIterations: entry.maxIterations });
    }
    const reached = await this.#iterate(first, this.#mixed);
    if (reached) {
      state.reached.push(...entries);
    }
    await this.#end(entries, reached);
  }

  async #end(entries: readonly PlannedStage[], reached: boolean): Promise<void> {
    const state = this.#state;
    if (this.#context.pipe.stopRequested) {
      return;
    }
    for (const entry of entries) {
      state.entry = entry.index + 1;
      const reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'iterations' : 'budget';
      const stageIteration = state.spentOn(entry);
      await this.#control.emit({ type: 'stage-end', ...state.position(entry), stageIteration, reason: reached ? 'reached' : reason });
    }
  }

  /** Iterations up to the budget. Returns whether the stage may be left before. */
  async #iterate(entry: PlannedStage, done: number): Promise<boolean> {
    const { evaluateEvery, mixture } = this.#context;
    this.#watch.begin(entry, done, mixture !== undefined);
    if (await this.#measures(entry)) {
      return true;
    }
    for (let k = done + 1; k <= entry.maxIterations && !this.#control.interrupted(); k += 1) {
      const last = k === entry.maxIterations;
      const evaluates = k % evaluateEvery === 0 || (last && entry.rule !== 'iterations');
      const mayLeave = last || (evaluates && entry.rule !== 'iterations');
      const plateau = await this.#step(entry, k, !mayLeave, evaluates);
      if (await this.#measures(entry)) {
        return true;
      }
      if (plateau !== undefined && !this.#control.interrupted()) {
        await this.#control.emit(plateauEvent(this.#state.position(entry), k, plateau, this.#context.replay !== undefined));
      }
    }
    return false;
  }

  /** The measurement that is due, if there is one. Returns whether the stage may be left. */
  async #measures(entry: PlannedStage): Promise<boolean> {
    const state = this.#state;
    if (!state.measures || this.#control.interrupted()) {
      return false;
    }
    const reached = await this.#reaches(entry);
    state.measures = this.#control.stopped;
    return reached;
  }

  /** One iteration. Returns that the stage stands still, where that is news. */
  async #step(entry: PlannedStage, k: number, drawAhead: boolean, measures: boolean): Promise<Plateau | undefined> {
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
    const plateau = this.#watch.iteration(rollout, train);
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
    return plateau;
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
    await this.#control.measureStages(this.#context.plan, (entry) => this.#measure(entry, 'final', FINAL_PROBLEMS));
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
