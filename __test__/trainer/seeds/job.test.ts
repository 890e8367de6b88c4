import test from 'ava';
import { TaskError } from 'innate';
import { errorData, errorFrom } from '#dist/trainer/seeds/error-data.js';
import { doJob, type SeedJob, type TrainOnce } from '#dist/trainer/seeds/job.js';

const { signal } = new AbortController();
const job: SeedJob = { module: undefined, stages: [0], seed: 3, options: { batchSize: 5 }, file: undefined };

/** An agent that says what is done with it. */
function agent(save: () => void = () => undefined) {
  const calls: string[] = [];
  return {
    calls,
    save: async (path: string) => {
      calls.push(`save ${path}`);
      save();
    },
    close: async () => void calls.push('close'),
  };
}

test('a job is a run with its seed, and its agent is saved, then closed', async (t) => {
  const own = agent();
  let asked: unknown;
  const train: TrainOnce = async (stages, options) => {
    asked = { stages, options };
    return { stages: [], iterations: 1, episodes: 2, seconds: 3, stopped: false, agent: own } as never;
  };
  const result = await doJob({ ...job, file: 'f' }, train, { signal, onEvent: undefined });
  t.deepEqual(result, { seed: 3, stages: [], iterations: 1, episodes: 2, seconds: 3, file: 'f' });
  t.deepEqual(asked, { stages: [0], options: { batchSize: 5, seed: 3, progress: false, signal } });
  t.deepEqual(own.calls, ['save f', 'close']);
});

test('no agent is left behind: neither by a run that fails nor by a save that does', async (t) => {
  const failing = agent();
  const failed: TrainOnce = async () => {
    throw Object.assign(new RangeError('no'), { partial: { agent: failing } });
  };
  await t.throwsAsync(() => doJob(job, failed, { signal, onEvent: undefined }), { message: 'no' });
  t.deepEqual(failing.calls, ['close']);
  const unsaved = agent(() => {
    throw new RangeError('full');
  });
  const train: TrainOnce = async () => ({ stages: [], agent: unsaved }) as never;
  await t.throwsAsync(() => doJob({ ...job, file: 'f' }, train, { signal, onEvent: undefined }), { message: 'full' });
  t.deepEqual(unsaved.calls, ['save f', 'close']);
});

test('errors cross as data', (t) => {
  const error = new TaskError('bad numbers', { task: 'x', remedy: 'Give good ones.' } as never);
  const again = errorFrom(structuredClone(errorData(error)));
  t.like(again, { name: error.name, message: error.message, code: 'ERR_TASK', path: error.path, remedy: error.remedy, stack: error.stack });
  t.like(errorFrom(errorData('plain text')), { name: 'Error', message: "threw 'plain text'." });
  t.false('code' in errorFrom(errorData(new RangeError('far'))));
});
