/** Why a row is not waited for any longer. */
export type Interruption = 'timeout' | 'closed';

/** What is done about each row that is waited for. Throws nothing. */
export interface Waiter {
  /** A row's promise was fulfilled. */
  fulfilled(row: number, value: unknown): void;
  /** A row's promise was rejected. */
  rejected(row: number, reason: unknown): void;
  /** A row is not waited for any longer. */
  interrupted(row: number, why: Interruption): void;
}

/** Waits for promises side by side, once. What settles after that is dropped, and is never an unhandled rejection. */
export class Waiting {
  readonly #waiter: Waiter;
  readonly #open = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #done: () => void = () => undefined;

  /** @param waiter - Told of each row once. */
  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  /** Whether there is nothing to wait for. */
  get empty(): boolean {
    return this.#open.size === 0;
  }

  /** Begins to wait for a row's promise. */
  add(row: number, promise: PromiseLike<unknown>): void {
    this.#open.add(row);
    Promise.resolve(promise).then(
      (value) => {
        if (this.#open.delete(row)) {
          this.#waiter.fulfilled(row, value);
          this.#finish();
        }
      },
      (reason: unknown) => {
        if (this.#open.delete(row)) {
          this.#waiter.rejected(row, reason);
          this.#finish();
        }
      },
    );
  }

  /**
   * @param timeout - Milliseconds after which no row is waited for any longer; undefined for never.
   * @returns Fulfilled when each row was settled or given up; never rejected.
   */
  all(timeout: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      if (timeout !== undefined) {
        this.#timer = setTimeout(() => this.interrupt('timeout'), timeout);
      }
      this.#finish();
    });
  }

  /** Gives up all rows that are still waited for. */
  interrupt(why: Interruption): void {
    for (const row of this.#open) {
      this.#open.delete(row);
      this.#waiter.interrupted(row, why);
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#open.size === 0) {
      clearTimeout(this.#timer);
      this.#done();
    }
  }
}

/**
 * @param why - Why a promise is not waited for any longer.
 * @param timeout - Milliseconds that it had.
 * @returns What is wrong with that, and what to do about it.
 */
export function explainInterruption(why: Interruption, timeout: number | undefined): { readonly reason: string; readonly remedy: string } {
  return why === 'closed'
    ? { reason: 'was not waited for any longer, since the environment was closed.', remedy: 'Await the step before close().' }
    : { reason: `did not settle within ${timeout} ms.`, remedy: 'Settle the promise in any case, or raise stepTimeout.' };
}
