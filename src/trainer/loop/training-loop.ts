import { meets, requirements } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { EvaluationEvent, StageEndEvent } from '../../metrics/events.js';
import type { Measured } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import { type Practice, type PracticeContext, practiceOf } from '../collect/practice.js';
import { Evaluator } from '../measure/evaluator.js';
import type { PartialTrainingResult, TrainingResult } from '../run/result.js';
import { RunControl, type RunWatch } from '../run/run-control.js';
import { RunState } from './run-state.js';

/** Problems of the final evaluation, and of the one that confirms mastery. */
export const FINAL_PROBLEMS = 1000;

/** What a run works with. */
export interface LoopContext extends PracticeContext, RunWatch {
  readonly evaluateEvery: number;
  readonly evaluationProblems: number;
  /** Problems to measure with. */
  readonly evaluationRandom: Random;
}

/** One run: for each stage collect and update; measure now and then; go on to the next stage when its rule says so. */
export class TrainingLoop {
  readonly #context: LoopContext;
  readonly #practice: Practice;
  readonly #evaluator: Evaluator;
  readonly #state: RunState;
  readonly #control: RunControl;

  /** @param context - What the run works with. */
  constructor(context: LoopContext) {
    this.#context = context;
    this.#practice = practiceOf(context);
    this.#evaluator = new Evaluator(context);
    this.#state = new RunState(context.plan, context.batchSize);
    this.#control = new RunControl(context);
  }

  /** @returns What was done, measured with the final agent. */
  async run(): Promise<TrainingResult> {
    try {
      return await this.#control.watch(async () => {
        for (const entry of this.#context.plan) {
          await this.#trainStage(entry);
        }
        return this.#finish();
      });
    } finally {
      this.#practice.close();
    }
  }

  /** @returns What was done so far, measured as far as it was. */
  partial(): PartialTrainingResult {
    return this.#state.result(this.#context.agent, this.#context.pipe.stopRequested);
  }

  async #trainStage(entry: PlannedStage): Promise<void> {
    const { plan, evaluateEvery, pipe } = this.#context;
    const state = this.#state;
    if (this.#control.interrupted()) {
      return;
    }
    await this.#control.emit({ type: 'stage', ...state.position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
    let reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'iterations' : 'budget';
    for (let k = 1; k <= entry.maxIterations && !this.#control.interrupted(); k += 1) {
      const last = k === entry.maxIterations;
      const evaluates = k % evaluateEvery === 0 || (last && entry.rule !== 'iterations');
      const mayLeave = last || (evaluates && entry.rule !== 'iterations');
      await this.#iterate(entry, k, !mayLeave);
      if (evaluates && !this.#control.interrupted() && (await this.#reaches(entry))) {
        state.reached.push(entry);
        reason = 'reached';
        break;
      }
    }
    if (!pipe.stopRequested) {
      await this.#control.emit({ type: 'stage-end', ...state.position(entry), stageIteration: state.spentOn(entry), reason });
    }
  }

  async #iterate(entry: PlannedStage, k: number, drawAhead: boolean): Promise<void> {
    const begun = performance.now();
    const rollout = await this.#practice.collect(entry, k);
    const updated = this.#practice.learn((k - 1) / entry.maxIterations);
    if (drawAhead) {
      this.#practice.drawAhead(entry, k + 1);
    }
    const train = await updated;
    const state = this.#state;
    state.count(entry, performance.now() - begun);
    await this.#control.emit({
      type: 'iteration',
      ...state.position(entry),
      stageIteration: k,
      rollout,
      train,
      time: state.time(),
      curriculum: { stage: entry.stage },
    });
  }

  /** Whether the stage may be left: what it requires holds on a first sample of problems, and on a second, larger one. */
  async #reaches(entry: PlannedStage): Promise<boolean> {
    const { evaluationProblems } = this.#context;
    if (entry.rule === 'iterations') {
      await this.#measure(entry, 'progress', evaluationProblems);
      return false;
    }
    const required = requirements(entry, this.#state.reached);
    for (const [purpose, problems] of [
      ['progress', evaluationProblems],
      ['confirmation', Math.max(FINAL_PROBLEMS, evaluationProblems)],
    ] as const) {
      for (const other of required) {
        if (this.#control.interrupted() || !meets(other.target, await this.#measure(other, purpose, problems, entry))) {
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
  ): Promise<Measured> {
    const { evaluationRandom } = this.#context;
    const state = this.#state;
    const { stage, name } = entry;
    const measured = await this.#evaluator.measure(stage, problems, evaluationRandom);
    const { successRate, meanReturn } = measured;
    state.measured.set(stage, measured);
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
