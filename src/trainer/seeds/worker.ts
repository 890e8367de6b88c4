import type { MessagePort } from 'node:worker_threads';
import { InternalError } from '../../errors/internal-error.js';
import type { TrainingEvent, TrainingKind } from '../../metrics/events.js';
import { onAbort } from '../../util/abort.js';
import { isRecord } from '../../util/kind.js';
import { type ErrorData, errorData, errorFrom } from './error-data.js';
import { doJob, type JobWatch, type SeedJob, type TrainOnce } from './job.js';
import type { SeedResult } from './result.js';

/** What a worker of this package is started with. */
interface WorkerInput {
  readonly innateJob: SeedJob;
  /** Whether events are wanted. */
  readonly events: boolean;
}

/** What a worker says. */
type Said =
  | { readonly type: 'event'; readonly event: TrainingEvent<TrainingKind> }
  | { readonly type: 'result'; readonly result: SeedResult<TrainingKind> }
  | { readonly type: 'error'; readonly error: ErrorData };

/** What a worker is told: to go on after an event, or to end. */
type Told = 'go on' | 'abort';

/** How long a worker that was told to end may take, in milliseconds. */
const PATIENCE = 10_000;

/** An argument of threads that do a job. Without it nobody has to load `node:worker_threads`, which takes milliseconds, to see that this is none. */
const MARK = 'innate-job';

/** What this thread was started with, if that is a job, and whom it reports to. */
async function jobOfThread(): Promise<{ readonly input: WorkerInput & { taken?: boolean }; readonly port: MessagePort } | undefined> {
  const { isMainThread, parentPort, workerData } = await import('node:worker_threads');
  const given = !isMainThread && isRecord(workerData) && isRecord(workerData['innateJob']);
  return given && parentPort !== null ? { input: workerData as unknown as WorkerInput, port: parentPort } : undefined;
}

/** Whether this thread was started to do a job. */
export async function inJobWorker(): Promise<boolean> {
  return (await jobOfThread()) !== undefined;
}

/**
 * Does the job that this thread was started for; elsewhere nothing. The module that calls this when it is loaded is what a worker is started
 * with, so that no file has to be found beside it, however the package is bundled.
 *
 * @param train - How a run is made.
 */
export function serveJob(train: TrainOnce): void {
  if (process.argv.includes(MARK)) {
    // After all modules have been loaded.
    setImmediate(() => void takeJob(train));
  }
}

async function takeJob(train: TrainOnce): Promise<void> {
  const job = await jobOfThread();
  // The package may be loaded a second time, as CommonJS.
  if (job !== undefined && job.input.taken !== true) {
    job.input.taken = true;
    // Modules of the caller's read arguments of their own.
    process.argv = process.argv.filter((argument) => argument !== MARK);
    await serve(job.input, job.port, train);
  }
}

async function serve({ innateJob, events }: WorkerInput, port: MessagePort, train: TrainOnce): Promise<void> {
  const controller = new AbortController();
  let goOn: (() => void) | undefined;
  port.on('message', (told: Told) => {
    if (told === 'abort') {
      controller.abort();
    }
    goOn?.();
  });
  const say = (said: Said): void => port.postMessage(said);
  // One event at a time is on its way: a run does not get ahead of who watches it.
  const onEvent = (event: TrainingEvent<TrainingKind>): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve;
      say({ type: 'event', event });
    });
  try {
    const result = await doJob(innateJob, train, { signal: controller.signal, onEvent: events ? onEvent : undefined });
    say({ type: 'result', result });
  } catch (error) {
    say({ type: 'error', error: errorData(error) });
  }
}

/**
 * Does a job in a worker thread of its own, which ends with it.
 *
 * @param job - What is to be done; plain data.
 * @param entry - Address of the module that calls {@link serveJob}.
 * @param watch - Who watches.
 * @returns What the run did.
 */
export async function doJobInWorker(job: SeedJob, entry: string, { signal, onEvent }: JobWatch): Promise<SeedResult<TrainingKind>> {
  const input: WorkerInput = { innateJob: job, events: onEvent !== undefined };
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(new URL(entry), { workerData: input, argv: [MARK] });
  let patience: NodeJS.Timeout | undefined;
  const tell = (told: Told): void => worker.postMessage(told);
  const leave = onAbort(signal, () => {
    tell('abort');
    patience = setTimeout(() => void worker.terminate(), PATIENCE);
  });
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (said: Said) => {
        if (said.type === 'result') {
          resolve(said.result);
        } else if (said.type === 'error') {
          reject(errorFrom(said.error));
        } else {
          Promise.resolve(said.event)
            .then(onEvent)
            .then(() => tell('go on'), reject);
        }
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        const remedy = 'Let the module not end its process.';
        reject(new InternalError(`the worker of seed ${job.seed} ended with code ${code} before its run did.`, { remedy }));
      });
      if (signal.aborted) {
        tell('abort');
      }
    });
  } finally {
    leave();
    clearTimeout(patience);
    await worker.terminate();
  }
}
