import type { PlannedStage } from '../../curriculum/stage-spec.js';
import { AbortedError } from '../../errors/aborted-error.js';
import type { TrainingEvent, WarningEvent } from '../../metrics/events.js';
import { onAbort } from '../../util/abort.js';
import type { RunKeeper } from '../checkpoint/keeper.js';
import type { EventPipe } from './event-pipe.js';

/** Who watches a run, and who may end it. */
export interface RunWatch<Event = TrainingEvent> {
  readonly signals: readonly AbortSignal[];
  readonly pipe: EventPipe<Event>;
  /** Called with every event, and waited for. */
  readonly onEvent: ((event: Event) => unknown) | undefined;
  /** Keeps the run on its way; absent: it is not kept. */
  readonly keeper?: RunKeeper | undefined;
  /** What is said first of a run that goes on. */
  readonly resumed?: ResumedRun | undefined;
}

/** What is known of a run that goes on. */
export interface ResumedRun {
  /** The checkpoint. */
  readonly file: string;
  /** Events that the run had had by then. */
  readonly events: number;
  readonly warnings: readonly Pick<WarningEvent, 'code' | 'message' | 'remedy'>[];
}

/** What a run's loop asks before it goes on, and tells when something happened. */
export class RunControl<Event = TrainingEvent> {
  readonly #watch: RunWatch<Event>;
  /** Events of the run so far. */
  events: number;

  /** @param watch - Who watches, and who may end the run. */
  constructor(watch: RunWatch<Event>) {
    this.#watch = watch;
    this.events = watch.resumed?.events ?? 0;
  }

  /**
   * @param body - The run. It begins when whoever watches is ready; an abort meanwhile ends its waits.
   * @returns What it returns.
   */
  async watch<T>(body: () => Promise<T>): Promise<T> {
    const { signals, pipe } = this.#watch;
    const leave = signals.map((signal) => onAbort(signal, () => pipe.abort()));
    try {
      this.checkAbort();
      await pipe.ready();
      return await body();
    } finally {
      for (const stop of leave) {
        stop();
      }
    }
  }

  /** @param event - What happened. */
  async emit(event: Event): Promise<void> {
    const { onEvent, pipe } = this.#watch;
    this.events += 1;
    if (onEvent !== undefined) {
      await pipe.tell(onEvent, event);
    }
    await pipe.emit(event);
  }

  /** Whether nobody wants the run to go on. */
  get stopped(): boolean {
    return this.#watch.pipe.stopRequested;
  }

  /**
   * @returns Whether the run is to end with what it has.
   * @throws {@link AbortedError} when a signal has aborted.
   */
  interrupted(): boolean {
    this.checkAbort();
    return this.stopped;
  }

  /**
   * At the end of a run: measures each of its stages once.
   *
   * @param plan - The run's stages.
   * @param measure - Measures one.
   * @throws {@link AbortedError} when a signal has aborted.
   */
  async measureStages(plan: readonly PlannedStage[], measure: (entry: PlannedStage) => Promise<unknown>): Promise<void> {
    this.checkAbort();
    const done = new Set<number>();
    for (const entry of plan) {
      if (!done.has(entry.stage)) {
        done.add(entry.stage);
        await measure(entry);
        this.checkAbort();
      }
    }
  }

  /** @throws {@link AbortedError} when a signal has aborted. */
  checkAbort(): void {
    const signal = this.#watch.signals.find(({ aborted }) => aborted);
    if (signal !== undefined) {
      throw new AbortedError(signal.reason);
    }
  }
}
