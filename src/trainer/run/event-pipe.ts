import type { TrainingEvent } from '../../metrics/events.js';
import { isThenable } from '../../util/kind.js';

interface Pull<Event> {
  resolve(result: IteratorResult<Event, undefined>): void;
  reject(error: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Between a run and those who watch it: a function that is called with every event, and the one who iterates over them. Without an iterator
 * the run goes at full speed; with one, it goes on only while an event is asked for. A stop or an abort ends every wait.
 */
export class EventPipe<Event = TrainingEvent> {
  #attached = false;
  #stopped = false;
  #released = false;
  #aborted = false;
  #interrupted = false;
  #watcherBusy = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #leaveWatcher: (() => void) | undefined;
  readonly #pulls: Pull<Event>[] = [];

  /** Whether the consumer wants no more. */
  get stopRequested(): boolean {
    return this.#stopped;
  }

  /** From now on events wait for a consumer. */
  attach(): void {
    this.#attached = true;
  }

  /** Asks the run to end with what it has. */
  stop(): void {
    this.#stopped = true;
    this.#release();
  }

  /** Lets the run go on to where it sees that it was aborted. */
  abort(): void {
    this.#aborted = true;
    this.#release();
  }

  /** @returns When the run may begin, or `undefined` for at once. */
  ready(): Promise<void> | undefined {
    return this.#attached ? this.#demand() : undefined;
  }

  /**
   * Calls a function with an event and waits for what it returns, so that its calls never overlap. One that is still at work when the run
   * is stopped is not called again before it is done; what it throws or rejects with until then is thrown here.
   *
   * @param watcher - The function.
   * @param event - What happened.
   * @returns When the run may go on, or `undefined` for at once.
   */
  tell(watcher: (event: Event) => unknown, event: Event): Promise<void> | undefined {
    if (this.#watcherBusy) {
      return undefined;
    }
    this.#interrupted = this.#aborted;
    const result = watcher(event);
    return isThenable(result) ? this.#attend(result) : undefined;
  }

  /**
   * Hands an event over and waits until the next one is asked for.
   *
   * @param event - What happened.
   * @returns When the run may go on, or `undefined` for at once.
   */
  emit(event: Event): Promise<void> | undefined {
    return this.#attached && !this.#released ? this.#deliver(event) : undefined;
  }

  /** The run has ended. */
  end(): void {
    this.#ended = true;
    for (const pull of this.#pulls.splice(0)) {
      pull.resolve(DONE);
    }
  }

  /** @param error - What the run failed with: thrown to whoever asks for an event, once. */
  fail(error: unknown): void {
    const pull = this.#pulls.shift();
    if (pull === undefined) {
      this.#failure = { error };
    } else {
      pull.reject(error);
    }
    this.end();
  }

  /** @returns The next event. */
  pull(): Promise<IteratorResult<Event, undefined>> {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended || this.#stopped) {
      return Promise.resolve(DONE);
    }
    return new Promise((resolve, reject) => {
      this.#pulls.push({ resolve, reject });
      this.#wake?.();
    });
  }

  #release(): void {
    this.#released = true;
    this.#interrupted = true;
    this.#wake?.();
    this.#leaveWatcher?.();
  }

  #attend(work: PromiseLike<unknown>): Promise<void> {
    this.#watcherBusy = true;
    return new Promise<void>((resolve, reject) => {
      const settle = (end: () => void): void => {
        this.#watcherBusy = false;
        end();
      };
      Promise.resolve(work).then(
        () => settle(resolve),
        (error: unknown) => settle(() => reject(error)),
      );
      this.#leaveWatcher = resolve;
      if (this.#interrupted) {
        resolve();
      }
    });
  }

  async #deliver(event: Event): Promise<void> {
    await this.#demand();
    const pull = this.#pulls.shift();
    if (pull !== undefined) {
      pull.resolve({ done: false, value: event });
      await this.#demand();
    }
  }

  async #demand(): Promise<void> {
    if (this.#pulls.length === 0 && !this.#released) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
