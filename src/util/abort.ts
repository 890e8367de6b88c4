interface Hub {
  readonly calls: Set<() => void>;
  readonly hear: () => void;
}

const hubs = new WeakMap<AbortSignal, Hub>();

/**
 * Calls a function when a signal aborts. However many do so, the signal has one listener of this package, and none once all have left:
 * Node.js warns of a leak from eleven on.
 *
 * @param signal - Not aborted yet.
 * @param call - Called at the abort.
 * @returns Leaves.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const hub = hubs.get(signal) ?? listen(signal);
  hub.calls.add(call);
  return () => {
    if (hub.calls.delete(call) && hub.calls.size === 0) {
      signal.removeEventListener('abort', hub.hear);
      hubs.delete(signal);
    }
  };
}

function listen(signal: AbortSignal): Hub {
  const calls = new Set<() => void>();
  const hear = (): void => {
    for (const call of calls) {
      call();
    }
  };
  signal.addEventListener('abort', hear);
  const hub = { calls, hear };
  hubs.set(signal, hub);
  return hub;
}
