import { setImmediate } from 'node:timers/promises';

/** How long a loop may keep timers, servers and signals waiting. */
const LONGEST_MS = 4;

/** Lets the event loop turn now and then while environments are stepped on its thread. */
export class Breather {
  #last = performance.now();

  /** Whether the loop has kept the thread for long enough. */
  get due(): boolean {
    return performance.now() - this.#last >= LONGEST_MS;
  }

  /** @returns When the event loop has turned. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
  }
}
