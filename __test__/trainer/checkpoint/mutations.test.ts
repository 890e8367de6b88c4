import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { InnateError, Random, type RunStages, type Trainer } from 'innate';
import { disk } from '#dist/trainer/checkpoint/disk.js';
import { readManifest } from '#dist/trainer/checkpoint/manifest.js';
import { inFolder } from '../../support/folder.js';
import { create, type ResumableRun, RUNS, resume } from './runs.js';

disk.syncFolder = async () => undefined;

/** Files that are tried; the full version has 10,000: `INNATE_MUTATIONS=10000 npx ava build/__test__/trainer/checkpoint/mutations.test.js`. */
const COUNT = Number(env['INNATE_MUTATIONS'] ?? 300);

/** One of the changes that disks, editors and strangers make. */
function mutate(bytes: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length);
  // What is said in a file stands at its beginning.
  const early = random.int(Math.min(bytes.length, 6000));
  switch (random.int(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return flipped(bytes, random.float() < 0.5 ? at : early, random);
    case 2:
      return Buffer.concat([bytes.subarray(0, early), bytes.subarray(Math.min(bytes.length, early + 1 + random.int(20)))]);
    case 3:
      return Buffer.concat([bytes.subarray(0, early), bytes.subarray(at, at + 20), bytes.subarray(early)]);
    case 4: {
      const text = bytes.toString('latin1');
      const digits = [...text.matchAll(/\d+/g)];
      const found = digits[random.int(digits.length)];
      const number = ['0', '-1', '1e99', '9007199254740993', '1.5', 'null', '""', '[]'][random.int(8)] as string;
      return found === undefined
        ? bytes
        : Buffer.from(text.slice(0, found.index) + number + text.slice(found.index + found[0].length), 'latin1');
    }
    case 5:
      return Buffer.from(bytes.map((byte, i) => (i === early ? random.int(256) : byte)));
    default: {
      const zeros = Buffer.from(bytes);
      zeros.fill(0, at, Math.min(bytes.length, at + 1 + random.int(4096)));
      return zeros;
    }
  }
}

function flipped(bytes: Buffer, at: number, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << random.int(8));
  return copy;
}

async function filesOf(run: ResumableRun, folder: string): Promise<readonly string[]> {
  const trainer = await create(run, { checkpoint: { folder, every: 1, keepLast: 3 }, progress: () => sleep(15) });
  await trainer.run(run.stages as RunStages);
  await trainer.close();
  return (await readdir(folder)).sort();
}

/** What comes of resuming: a trainer, or an error that has a type. */
async function tried(run: ResumableRun, path: string): Promise<'resumed' | 'refused' | string> {
  let trainer: Trainer | undefined;
  try {
    trainer = await resume(run, path);
    return 'resumed';
  } catch (error) {
    return InnateError.isInstance(error) && error.path !== undefined ? 'refused' : `${(error as Error).stack}`;
  } finally {
    await trainer?.close();
  }
}

for (const [name, run] of [
  ['a task', RUNS['open loop, PPO']],
  ['environments', RUNS['environments, PPO']],
] as const) {
  test.serial(`${name}: ${COUNT / 2} mutated checkpoints and lists are typed errors or none`, async (t) => {
    t.timeout(600_000);
    await inFolder(async (folder) => {
      const kept = join(folder, 'kept');
      const names = await filesOf(run, kept);
      const checkpoints = names.filter((file) => file.startsWith('checkpoint-'));
      const newest = await readFile(join(kept, checkpoints.at(-1) as string));
      const list = await readFile(join(kept, 'manifest.json'));
      const random = new Random(7);
      const counts: Record<string, number> = { resumed: 0, refused: 0 };
      for (let k = 0; k < COUNT / 2; k += 1) {
        const own = join(folder, 'own');
        await mkdir(own);
        const kind = random.int(3);
        // Alone, without a checksum of the whole; as the newest of a folder; and the folder's list.
        if (kind === 0) {
          await writeFile(join(own, 'alone.safetensors'), mutate(newest, random));
        } else {
          await Promise.all(names.map((file) => copyFile(join(kept, file), join(own, file))));
          const changed = kind === 1 ? (checkpoints.at(-1) as string) : 'manifest.json';
          await writeFile(join(own, changed), mutate(kind === 1 ? newest : list, random));
        }
        const came = await tried(run, kind === 0 ? join(own, 'alone.safetensors') : own);
        counts[came] = (counts[came] ?? 0) + 1;
        t.true(came === 'resumed' || (kind === 0 && came === 'refused'), `${k}, of kind ${kind}: ${came}`);
        await rm(own, { recursive: true });
      }
      t.log(counts);
      t.true((counts['resumed'] as number) > COUNT / 5 && (counts['refused'] as number) > COUNT / 20);
    });
  });
}

test('a list is read or it is none', (t) => {
  const random = new Random(3);
  const entry = {
    file: 'a',
    number: 1,
    token: 1,
    sha256: '0',
    bytes: 1,
    iteration: 1,
    index: 0,
    stage: 's',
    metrics: { success_rate: 1, mean_return: null },
  };
  const good = JSON.stringify({ version: 1, token: 3, checkpoints: [entry, entry] });
  t.is(readManifest(good)?.checkpoints.length, 2);
  for (let k = 0; k < 20_000; k += 1) {
    const read = readManifest(mutate(Buffer.from(good), random).toString('latin1'));
    t.true(read === undefined || read.checkpoints.every(({ file, number }) => typeof file === 'string' && Number.isSafeInteger(number)));
  }
});
