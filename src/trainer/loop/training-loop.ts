import type { Agent } from '../../agent/agent.js';
import type { UpdateConfig, UpdateStats } from '../../algorithm/a2c.js';
import { type Measured, meets, requirements } from '../../curriculum/promotion.js';
import { fillBatch } from '../../curriculum/rehearsal.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import { AbortedError } from '../../errors/aborted-error.js';
import type { EvaluationEvent, RunPosition, StageEndEvent, TrainingEvent } from '../../metrics/events.js';
import { checkedSample, checkedScore } from '../../task/checked.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import { onAbort } from '../../util/abort.js';
import type { Random, RandomState } from '../../util/random.js';
import { Evaluator, type FullScores, makeScores } from '../measure/evaluator.js';
import type { EventPipe } from '../run/event-pipe.js';
import type { PartialTrainingResult, TrainingResult } from '../run/result.js';

/** Problems of the final evaluation, and of the one that confirms mastery. */
export const FINAL_PROBLEMS = 1000;

/** What a run works with. */
export interface LoopContext {
  readonly task: Task;
  readonly agent: Agent;
  /** Coefficients for every update; absent: the agent's. */
  readonly update: UpdateConfig | undefined;
  readonly plan: readonly PlannedStage[];
  readonly batchSize: number;
  readonly rehearsal: number;
  readonly evaluateEvery: number;
  readonly evaluationProblems: number;
  /** Problems to train on. */
  readonly problemRandom: Random;
  /** Problems to measure with. */
  readonly evaluationRandom: Random;
  readonly signals: readonly AbortSignal[];
  readonly pipe: EventPipe;
  /** Called with every event, and waited for. */
  readonly onEvent: ((event: TrainingEvent) => unknown) | undefined;
}

/** A batch drawn while the update before it ran, and the state of the stream before it. */
interface Ahead {
  readonly before: RandomState;
  readonly drawn: { readonly batch: ProblemBatch } | { readonly error: unknown };
}

/** One run: for each stage sample, act, score, update; measure now and then; go on to the next stage when its rule says so. */
export class TrainingLoop {
  readonly #context: LoopContext;
  readonly #evaluator: Evaluator;
  readonly #stages: Int32Array;
  readonly #scores: FullScores;
  readonly #begun = performance.now();
  readonly #spent: number[];
  readonly #measured = new Map<number, Measured>();
  readonly #reached: PlannedStage[] = [];
  #iterations = 0;
  #millisecondsPerIteration = 0;
  #ahead: Ahead | undefined;

  /** @param context - What the run works with. */
  constructor(context: LoopContext) {
    this.#context = context;
    this.#evaluator = new Evaluator(context.task, context.agent);
    this.#stages = new Int32Array(context.batchSize);
    this.#scores = makeScores(context.batchSize);
    this.#spent = context.plan.map(() => 0);
  }

  /** @returns What was done, measured with the final agent. */
  async run(): Promise<TrainingResult> {
    const { plan, signals, pipe } = this.#context;
    const leave = signals.map((signal) => onAbort(signal, () => pipe.abort()));
    try {
      this.#checkAbort();
      await pipe.ready();
      for (const entry of plan) {
        await this.#trainStage(entry);
      }
      return await this.#finish();
    } finally {
      this.#drop();
      for (const stop of leave) {
        stop();
      }
    }
  }

  /** @returns What was done so far, measured as far as it was. */
  partial(): PartialTrainingResult {
    const { plan, agent, batchSize, pipe } = this.#context;
    return {
      stages: plan.map(({ index, stage, name, target }) => {
        const measured = this.#measured.get(stage);
        return {
          stage,
          name,
          successRate: measured?.successRate,
          meanReturn: measured?.meanReturn,
          iterations: this.#spent[index] ?? 0,
          mastered: measured !== undefined && meets(target, measured),
        };
      }),
      iterations: this.#iterations,
      episodes: this.#iterations * batchSize,
      seconds: this.#seconds(),
      stopped: pipe.stopRequested,
      agent,
    };
  }

  async #trainStage(entry: PlannedStage): Promise<void> {
    const { plan, rehearsal, evaluateEvery, pipe } = this.#context;
    if (this.#interrupted()) {
      return;
    }
    await this.#emit({ type: 'stage', ...this.#position(entry), stageCount: plan.length, maxIterations: entry.maxIterations });
    const current = fillBatch(this.#stages, plan, entry.index, rehearsal, 0);
    let reason: StageEndEvent['reason'] = entry.rule === 'iterations' ? 'iterations' : 'budget';
    for (let k = 1; k <= entry.maxIterations && !this.#interrupted(); k += 1) {
      const last = k === entry.maxIterations;
      const evaluates = k % evaluateEvery === 0 || (last && entry.rule !== 'iterations');
      const mayLeave = last || (evaluates && entry.rule !== 'iterations');
      await this.#iterate(entry, current, k, !mayLeave);
      if (evaluates && !this.#interrupted() && (await this.#reaches(entry))) {
        this.#reached.push(entry);
        reason = 'reached';
        break;
      }
    }
    if (!pipe.stopRequested) {
      await this.#emit({ type: 'stage-end', ...this.#position(entry), stageIteration: this.#spent[entry.index] ?? 0, reason });
    }
  }

  async #iterate(entry: PlannedStage, current: number, k: number, drawAhead: boolean): Promise<void> {
    const { task, agent, batchSize, update } = this.#context;
    const stages = this.#stages;
    const scores = this.#scores;
    const begun = performance.now();
    const batch = this.#draw(entry, k);
    const { contexts } = batch;
    const { actions } = await agent.act({ contexts, stages });
    checkedScore(task, batch, actions, scores);
    let successes = 0;
    let total = 0;
    let steps = 0;
    for (let i = 0; i < current; i += 1) {
      successes += scores.successes[i] as number;
      total += scores.rewards[i] as number;
      steps += scores.lengths[i] as number;
    }
    const updated = agent.update({ contexts, stages, actions, lengths: scores.lengths, returns: scores.rewards, ...update });
    if (drawAhead) {
      this.#ahead = this.#drawAhead(entry, k + 1);
    }
    const stats: UpdateStats = await updated;
    this.#iterations += 1;
    this.#spent[entry.index] = k;
    const took = performance.now() - begun;
    this.#millisecondsPerIteration = this.#millisecondsPerIteration === 0 ? took : 0.9 * this.#millisecondsPerIteration + 0.1 * took;
    await this.#emit({
      type: 'iteration',
      ...this.#position(entry),
      stageIteration: k,
      problems: current,
      successRate: successes / current,
      meanReturn: total / current,
      meanLength: steps / current,
      loss: stats.loss,
      policyLoss: stats.policyLoss,
      valueLoss: stats.valueLoss,
      entropy: stats.entropy,
      gradNorm: stats.gradNorm,
      explainedVariance: stats.explainedVariance,
      episodes: this.#iterations * batchSize,
      episodesPerSecond: (1000 * batchSize) / this.#millisecondsPerIteration,
      seconds: this.#seconds(),
    });
  }

  /** Whether the stage may be left: what it requires holds on a first sample of problems, and on a second, larger one. */
  async #reaches(entry: PlannedStage): Promise<boolean> {
    const { evaluationProblems } = this.#context;
    if (entry.rule === 'iterations') {
      await this.#measure(entry, 'progress', evaluationProblems);
      return false;
    }
    const required = requirements(entry, this.#reached);
    for (const [purpose, problems] of [
      ['progress', evaluationProblems],
      ['confirmation', Math.max(FINAL_PROBLEMS, evaluationProblems)],
    ] as const) {
      for (const other of required) {
        if (this.#interrupted() || !meets(other.target, await this.#measure(other, purpose, problems, entry))) {
          return false;
        }
      }
    }
    return true;
  }

  async #finish(): Promise<TrainingResult> {
    this.#checkAbort();
    const measured = new Map<number, Measured>();
    for (const entry of this.#context.plan) {
      if (!measured.has(entry.stage)) {
        measured.set(entry.stage, await this.#measure(entry, 'final', FINAL_PROBLEMS));
        this.#checkAbort();
      }
    }
    const done = this.partial();
    return { ...done, stages: done.stages.map((stage) => ({ ...stage, ...(measured.get(stage.stage) as Measured) })) };
  }

  async #measure(
    entry: PlannedStage,
    purpose: EvaluationEvent['purpose'],
    problems: number,
    current: PlannedStage = entry,
  ): Promise<Measured> {
    const measured = await this.#evaluator.measure(entry.stage, problems, this.#context.evaluationRandom);
    this.#measured.set(entry.stage, measured);
    const { stage, name } = entry;
    await this.#emit({ type: 'evaluation', ...this.#position(current), stage, name, purpose, problems, ...measured });
    return measured;
  }

  /** The problems of the stage's `k`-th iteration, from 1. */
  #draw(entry: PlannedStage, k: number): ProblemBatch {
    const { task, plan, rehearsal, problemRandom } = this.#context;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead === undefined) {
      fillBatch(this.#stages, plan, entry.index, rehearsal, k - 1);
      return checkedSample(task, this.#stages, problemRandom);
    }
    if ('error' in ahead.drawn) {
      throw ahead.drawn.error;
    }
    return ahead.drawn.batch;
  }

  #drawAhead(entry: PlannedStage, k: number): Ahead {
    const before = this.#context.problemRandom.getState();
    try {
      return { before, drawn: { batch: this.#draw(entry, k) } };
    } catch (error) {
      return { before, drawn: { error } };
    }
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  #drop(): void {
    if (this.#ahead !== undefined) {
      this.#context.problemRandom.setState(this.#ahead.before);
      this.#ahead = undefined;
    }
  }

  async #emit(event: TrainingEvent): Promise<void> {
    const { onEvent, pipe } = this.#context;
    if (onEvent !== undefined) {
      await pipe.tell(onEvent, event);
    }
    await pipe.emit(event);
  }

  #interrupted(): boolean {
    this.#checkAbort();
    return this.#context.pipe.stopRequested;
  }

  #checkAbort(): void {
    const signal = this.#context.signals.find(({ aborted }) => aborted);
    if (signal !== undefined) {
      throw new AbortedError(signal.reason);
    }
  }

  #position({ index, stage, name }: PlannedStage): RunPosition {
    return { iteration: this.#iterations, index, stage, name };
  }

  #seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }
}
