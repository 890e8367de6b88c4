import type { Agent } from '../../agent/agent.js';
import { meets } from '../../curriculum/promotion.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import type { RunPosition, TimeMetrics } from '../../metrics/events.js';
import type { MeasuredGroups } from '../../task/measured.js';
import { cloneData } from '../../util/plain-data.js';
import type { PartialStageResult, PartialTrainingResult } from '../run/result.js';

/** How much the last iteration weighs in the time that an iteration takes. */
const NEWEST = 0.1;

/** How far a run is, as plain data. */
export interface RunProgress {
  readonly place: CurriculumState;
  readonly iterations: number;
  readonly episodes: number | undefined;
  /** What each stage id reached when it was last measured. */
  readonly measured: readonly (readonly [stage: number, measured: MeasuredGroups])[];
  readonly seconds: number;
}

/** How far a run is: counted by the loop, and read for events and results. */
export class RunState {
  /** Iterations done. */
  iterations = 0;
  /** Iterations spent on each entry of the plan. */
  readonly spent: number[];
  /** What each stage id reached when it was last measured. */
  readonly measured = new Map<number, MeasuredGroups>();
  /** Entries that reached their targets. */
  readonly reached: PlannedStage[] = [];
  /** Which entry is next. */
  entry = 0;
  /** Whether the last iteration is still to be followed by a measurement. */
  measures = false;
  readonly #plan: readonly PlannedStage[];
  readonly #batchSize: number;
  #begun = performance.now();
  #millisecondsPerIteration = 0;

  /**
   * @param plan - The run.
   * @param batchSize - Programs, or steps, of an iteration.
   */
  constructor(plan: readonly PlannedStage[], batchSize: number) {
    this.#plan = plan;
    this.#batchSize = batchSize;
    this.spent = plan.map(() => 0);
  }

  /**
   * Counts an iteration.
   *
   * @param entries - Its stage, or those that it had problems of.
   * @param milliseconds - What it took.
   */
  count(entries: readonly PlannedStage[], milliseconds: number): void {
    this.iterations += 1;
    for (const entry of entries) {
      this.spent[entry.index] = this.spentOn(entry) + 1;
    }
    const before = this.#millisecondsPerIteration;
    this.#millisecondsPerIteration = before === 0 ? milliseconds : (1 - NEWEST) * before + NEWEST * milliseconds;
  }

  /**
   * Goes on where another run was.
   *
   * @param state - Where that was.
   */
  resume({ entry, spent, reached, measures }: CurriculumState): void {
    this.entry = entry;
    this.measures = measures;
    this.reached.push(...reached.map((index) => this.#plan[index] as PlannedStage));
    for (const [index, iterations] of spent.entries()) {
      this.spent[index] = iterations;
    }
  }

  /** @returns How far the run is; a copy. */
  getState(): RunProgress {
    const measured = [...this.measured].map(([stage, reached]) => [stage, cloneData(reached)] as const);
    return { place: this.place(), iterations: this.iterations, episodes: this.ended, measured, seconds: this.time().seconds };
  }

  /** @param state - What {@link RunState.getState} returned, in a run of the same stages. */
  setState({ place, iterations, episodes, measured, seconds }: RunProgress): void {
    this.resume(place);
    this.iterations = iterations;
    this.ended = episodes;
    for (const [stage, reached] of measured) {
      this.measured.set(stage, reached);
    }
    this.#begun = performance.now() - 1000 * seconds;
  }

  /** Episodes that ended, where that is counted. */
  protected get ended(): number | undefined {
    return undefined;
  }

  protected set ended(_episodes: number | undefined) {
    // A program an episode: they need no counting.
  }

  /** @returns Where the run is in its stages. */
  place(): CurriculumState {
    const { entry, spent, measures } = this;
    return { version: 1, entry, spent: [...spent], reached: this.reached.map(({ index }) => index), measures };
  }

  /**
   * @param entry - An entry of the plan.
   * @returns Iterations spent on it.
   */
  spentOn(entry: PlannedStage): number {
    return this.spent[entry.index] ?? 0;
  }

  /**
   * @param entry - The current stage.
   * @returns Where the run is.
   */
  position({ index, stage, name }: PlannedStage): RunPosition {
    return { iteration: this.iterations, index, stage, name };
  }

  /** @returns How far the run is, and how fast. */
  time(): TimeMetrics {
    return {
      iterations: this.iterations,
      episodes: this.iterations * this.#batchSize,
      episodesPerSecond: (1000 * this.#batchSize) / this.#millisecondsPerIteration,
      seconds: (performance.now() - this.#begun) / 1000,
    };
  }

  /**
   * @param agent - The agent that was trained.
   * @param stopped - Whether the run was ended from outside.
   * @returns What was done so far, measured as far as it was.
   */
  result(agent: Agent, stopped: boolean): PartialTrainingResult {
    const { iterations, episodes, seconds } = this.time();
    return { stages: this.#plan.map((entry) => this.#stageResult(entry)), iterations, episodes, seconds, stopped, agent };
  }

  #stageResult(entry: PlannedStage): PartialStageResult {
    const { stage, name, target } = entry;
    const measured = this.measured.get(stage);
    return {
      stage,
      name,
      successRate: measured?.successRate,
      meanReturn: measured?.meanReturn,
      iterations: this.spentOn(entry),
      mastered: measured !== undefined && meets(target, measured),
    };
  }
}
