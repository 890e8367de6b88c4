import { InnateError } from '../../errors/innate-error.js';
import type { CheckpointEvent, ResumeEvent, RunPosition, TrainingEvent, TrainingKind, WarningEvent } from '../../metrics/events.js';
import type { Measured } from '../../task/measured.js';
import type { CheckpointMetrics } from '../checkpoint/manifest.js';
import type { RunState } from '../loop/run-state.js';
import type { RunControl, RunWatch } from './run-control.js';

/** A run, as far as it is kept. */
export interface KeptRun {
  /** @returns All that decides how it goes on; plain data. */
  snapshot(): Promise<unknown>;
  /** @returns Where it is. */
  position(): RunPosition;
  /** @returns What its stage was last measured at; undefined: it was not. */
  measured(): Measured | undefined;
  /** @returns Iterations that are done. */
  iterations(): number;
}

type KeptEvent = CheckpointEvent | WarningEvent | ResumeEvent;

/** What a run does between two iterations so that it can be resumed, where it is kept at all. */
export class SafePoints<Kind extends TrainingKind> {
  readonly #watch: RunWatch<TrainingEvent<Kind>>;
  readonly #control: RunControl<TrainingEvent<Kind>>;
  readonly #run: KeptRun;
  /** Whether the run has begun, and has not been kept for the last time. */
  #open = false;

  /**
   * @param watch - Who watches, and what it is kept with.
   * @param control - Says what happens.
   * @param run - The run.
   */
  constructor(watch: RunWatch<TrainingEvent<Kind>>, control: RunControl<TrainingEvent<Kind>>, run: KeptRun) {
    this.#watch = watch;
    this.#control = control;
    this.#run = run;
  }

  /** Whether the run is kept: then it ends between two iterations, whatever ends it. */
  get kept(): boolean {
    return this.#watch.keeper !== undefined;
  }

  /** Says that the run goes on, and what was wrong, where that is so. */
  async begin(): Promise<void> {
    this.#open = true;
    const { resumed } = this.#watch;
    if (resumed !== undefined) {
      const { file, events, warnings } = resumed;
      await this.#say({ type: 'resume', file, events, ...this.#run.position() });
      for (const warning of warnings) {
        await this.#say({ type: 'warning', ...warning, ...this.#run.position() });
      }
    }
    await this.#sayNotices();
  }

  /** Between two iterations: what is due. */
  async point(): Promise<void> {
    const { keeper } = this.#watch;
    if (keeper !== undefined) {
      await this.#sayNotices();
      if (keeper.due(this.#run.iterations())) {
        await this.#keep();
      }
    }
  }

  /**
   * The measurement that is due, if there is one. One that is broken off in a run that is kept is undone, so that it can be made again, with the same
   * problems.
   *
   * @param state - How far the run is.
   * @param mark - Returns what puts streams and counts back to where they are, beside what the state and the events are.
   * @param measure - Makes it, and returns whether the stage may be left.
   * @returns Whether the stage may be left.
   */
  async measure(state: RunState, mark: () => () => void, measure: () => Promise<boolean>): Promise<boolean> {
    if (!state.measures || this.#control.interrupted()) {
      return false;
    }
    const back = this.kept ? this.#mark(state, mark()) : undefined;
    try {
      const reached = await measure();
      state.measures = this.#control.stopped;
      if (!state.measures || back === undefined) {
        return reached;
      }
    } catch (error) {
      back?.();
      throw error;
    }
    back();
    return false;
  }

  #mark(state: RunState, back: () => void): () => void {
    const { events } = this.#control;
    const measured = [...state.measured];
    return () => {
      back();
      this.#control.events = events;
      state.measured.clear();
      for (const [stage, reached] of measured) {
        state.measured.set(stage, reached);
      }
    };
  }

  /** The last checkpoint, of a run that ends here or is ended. */
  async #last(): Promise<void> {
    const { keeper } = this.#watch;
    if (keeper !== undefined) {
      this.#open = false;
      await keeper.settle();
      await this.#keep();
    }
  }

  /**
   * The end of a run that comes to it: the last checkpoint, and what its stages come to.
   *
   * @param measureStages - Measures each of them.
   */
  async finish(measureStages: () => Promise<void>): Promise<void> {
    await this.#last();
    await measureStages();
    await this.#watch.keeper?.remark(this.#metrics());
    await this.#end();
  }

  /**
   * The last checkpoint of a run that fails: only of one that was aborted, which is where it was between two iterations.
   *
   * @param error - What it fails with.
   */
  async failed(error: unknown): Promise<void> {
    const { keeper } = this.#watch;
    if (keeper !== undefined) {
      try {
        if (this.#open && InnateError.isInstance(error) && error.code === 'ERR_ABORTED') {
          await this.#last();
        }
        await this.#end();
      } catch {
        // What it fails with says more.
      }
    }
  }

  /** All is written, and said. */
  async #end(): Promise<void> {
    const { keeper } = this.#watch;
    if (keeper !== undefined) {
      await keeper.settle();
      await this.#sayNotices();
    }
  }

  async #keep(): Promise<void> {
    const { keeper } = this.#watch;
    const run = this.#run;
    try {
      const snapshot = (await run.snapshot()) as object;
      keeper?.keep({ ...snapshot, events: this.#control.events }, run.position(), this.#metrics());
    } catch (error) {
      // A state that cannot be taken out, by an environment of the user's say, is no reason to stop.
      keeper?.fail(error, run.iterations());
    }
  }

  #metrics(): CheckpointMetrics {
    const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);
    const measured = this.#run.measured();
    return { success_rate: finite(measured?.successRate), mean_return: finite(measured?.meanReturn) };
  }

  async #sayNotices(): Promise<void> {
    for (const notice of this.#watch.keeper?.take() ?? []) {
      await this.#say({ ...notice, ...this.#run.position() });
    }
  }

  async #say(event: KeptEvent): Promise<void> {
    await this.#control.emit(event as TrainingEvent<Kind>);
  }
}
