const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Milliseconds: npm and npx pass on a Ctrl-C that the terminal has sent to this process too. */
const ECHO = 1000;

/** Ctrl-C while something goes on that can be ended well. */
export interface Interrupts {
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Ends the listening. */
  stop(): void;
}

/**
 * Listens to Ctrl-C, and to the signal by which processes are asked to end. The first aborts; the next is the system's again, which ends the process
 * at once, also one that hears of nothing.
 *
 * @param note - Told of the first one.
 * @returns What aborts.
 */
export function listenToInterrupts(note: () => void): Interrupts {
  const controller = new AbortController();
  const stop = (): void => {
    for (const name of SIGNALS) {
      process.off(name, first);
    }
  };
  const first = (): void => {
    if (!controller.signal.aborted) {
      controller.abort();
      note();
      setTimeout(stop, ECHO).unref();
    }
  };
  for (const name of SIGNALS) {
    process.on(name, first);
  }
  return { signal: controller.signal, stop };
}
