import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { RunStages, TrainingEvent, TrainingKind } from 'innate';
import { disk } from '#dist/trainer/checkpoint/disk.js';
import { inFolder } from '../../support/folder.js';
import { digest } from '../../support/weights.js';
import { create, type ResumableRun, RUNS, resume, timeless, untilKept } from './runs.js';

// What is made to last is not what is tested here, and a disk of a shared machine takes its time.
disk.write = (path, bytes) => writeFile(path, bytes, { flag: 'wx' });
disk.syncFolder = async () => undefined;

type AnyEvent = TrainingEvent<TrainingKind>;

interface Outcome {
  readonly digest: string;
  readonly result: unknown;
  readonly events: readonly unknown[];
}

/** What happened beside checkpoints, which come when they are written. */
function lasting(events: readonly AnyEvent[]): unknown[] {
  return events.filter(({ type }) => type !== 'checkpoint' && type !== 'resume').map(timeless);
}

/** A run that waits a moment after each iteration, so that a checkpoint of it can be written. */
async function whole(run: ResumableRun, folder?: string): Promise<Outcome & { all: readonly AnyEvent[] }> {
  const all: AnyEvent[] = [];
  const progress = async (event: AnyEvent): Promise<void> => {
    all.push(event);
    if (folder !== undefined && event.type === 'iteration') {
      await untilKept(folder, event.iteration - 1);
    }
  };
  const trainer = await create(run, {
    ...(folder === undefined ? {} : { checkpoint: { folder, every: 1, keepLast: Infinity } }),
    progress,
  });
  const { agent, seconds: _, ...result } = await trainer.run(run.stages as RunStages);
  const of = await digest(agent);
  await trainer.close();
  return { digest: of, result, events: lasting(all), all };
}

for (const [name, run] of Object.entries(RUNS) as [string, ResumableRun][]) {
  test.serial(`${name}: resumed after any iteration, it is the run that was never interrupted`, async (t) => {
    await inFolder(async (folder) => {
      const plain = await whole(run);
      const kept = await whole(run, join(folder, 'kept'));
      t.is(kept.digest, plain.digest, 'keeping changes nothing');
      t.deepEqual(kept.result, plain.result);
      t.deepEqual(kept.events, plain.events);
      const files = (await readdir(join(folder, 'kept'))).filter((file) => file.startsWith('checkpoint-')).sort();
      t.true(files.length >= 6, `${files.length} checkpoints`);
      for (const [i, file] of files.entries()) {
        const own = join(folder, `resumed-${i}`);
        await mkdir(own);
        await copyFile(join(folder, 'kept', file), join(own, file));
        const events: AnyEvent[] = [];
        const trainer = await resume(run, own, { progress: (event: AnyEvent) => void events.push(event) });
        const from = trainer.resumed;
        const { agent, seconds: _, ...result } = await trainer.run();
        t.is(await digest(agent), plain.digest, `from ${file}, iteration ${from?.iteration}`);
        t.deepEqual(result, plain.result);
        const before = lasting(kept.all.slice(0, from?.events));
        t.deepEqual([...before, ...lasting(events)], plain.events, 'no event is missing, and none comes twice');
        t.is(events[0]?.type, 'resume');
        await trainer.close();
      }
    });
  });
}
