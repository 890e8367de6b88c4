import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { CheckpointError } from 'innate';
import { disk } from '#dist/trainer/checkpoint/disk.js';
import { CheckpointFolder, Fenced } from '#dist/trainer/checkpoint/folder.js';
import { FolderLock, PULSE } from '#dist/trainer/checkpoint/folder-lock.js';
import { inFolder } from '../../support/folder.js';

PULSE.beat = 20;
PULSE.dead = 120;

const config = (folder: string) => ({ folder, every: 1, keepLast: 2, keepBest: undefined });
const facts = { iteration: 1, index: 0, stage: 'a', metrics: { success_rate: null, mean_return: null } };
const lock = (more: object): string => JSON.stringify({ pid: process.pid, start: '', place: hostname(), nonce: 'x', beat: 0, ...more });

test('each writer has a higher token, and nothing is left of one that let go', async (t) => {
  await inFolder(async (folder) => {
    for (const token of [1, 2, 3]) {
      const own = await CheckpointFolder.acquire(config(folder), []);
      const file = await own.write(Uint8Array.of(token), facts);
      t.regex(file, new RegExp(`checkpoint-00000${token}-w${token}-[0-9a-f]{16}\\.safetensors$`));
      await own.release();
      t.false((await readdir(folder)).some((name) => name.startsWith('lock-')));
    }
    t.is((await readdir(folder)).filter((name) => name.startsWith('checkpoint-')).length, 2);
  });
});

test.serial('a writer that was taken for dead cannot overwrite its successor', async (t) => {
  await inFolder(async (folder) => {
    PULSE.beat = 1e6;
    const first = await CheckpointFolder.acquire(config(folder), []);
    PULSE.beat = 20;
    await first.write(Uint8Array.of(1), facts);
    // As if it were on a machine that stands still.
    await writeFile(join(folder, 'lock-1.json'), lock({ place: 'elsewhere', pid: 3 }));
    const successor = await CheckpointFolder.acquire(config(folder), []);
    const file = await successor.write(Uint8Array.of(2), facts);
    const manifest = await readFile(join(folder, 'manifest.json'));
    await t.throwsAsync(first.write(Uint8Array.of(3), facts), { instanceOf: Fenced });
    await t.throwsAsync(first.remark(facts.metrics), { instanceOf: Fenced });
    await first.release();
    t.deepEqual(await readFile(join(folder, 'manifest.json')), manifest);
    t.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
    t.deepEqual(await readFile(file), Buffer.of(2));
    t.true((await readdir(folder)).includes('lock-2.json'));
    await successor.release();
  });
});

test('of a process on this machine the system says whether it lives', async (t) => {
  await inFolder(async (folder) => {
    const held = await FolderLock.acquire(folder);
    const error = await t.throwsAsync(FolderLock.acquire(folder), { instanceOf: CheckpointError });
    t.is(error?.path, 'checkpoint.folder');
    const { start, place } = JSON.parse(await readFile(join(folder, 'lock-1.json'), 'utf8')) as { start: string; place: string };
    await held.release();
    if (start !== '') {
      // The same id, given again; and a process that is gone. Neither is waited for.
      for (const [token, gone] of [{ start: '1' }, { pid: 2 ** 22 - 3, start }].entries()) {
        await writeFile(join(folder, `lock-${token + 5}.json`), lock({ place, ...gone }));
        const begun = performance.now();
        const next = await FolderLock.acquire(folder);
        t.true(performance.now() - begun < 100);
        t.is(next.token, token + 6);
        await next.release();
      }
    }
  });
});

test('of one elsewhere, its beat', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'lock-7.json');
    let beat = 0;
    await writeFile(path, lock({ place: 'elsewhere' }));
    const beats = setInterval(() => {
      beat += 1;
      void writeFile(path, lock({ place: 'elsewhere', beat }));
    }, 20);
    await t.throwsAsync(FolderLock.acquire(folder), { instanceOf: CheckpointError, message: /is being written by/ });
    clearInterval(beats);
    const next = await FolderLock.acquire(folder);
    t.is(next.token, 8);
    await next.release();
    // What says nothing at all is waited for as well.
    for (const text of ['', '{', '[]', '{"pid":"x"}']) {
      await writeFile(join(folder, 'lock-20.json'), text);
      const own = await FolderLock.acquire(folder);
      t.is(own.token, 21);
      await own.release();
    }
  });
});

test('several that come at once: one is let in', async (t) => {
  await inFolder(async (folder) => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.acquire(folder)));
    const held = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    t.is(held.length, 1);
    t.true(await held[0]?.holds());
    await held[0]?.release();
  });
});

test('a lock that beats is never seen cut, and does not come back when it was removed', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'lock-1.json');
    await writeFile(path, '{"beat":0}');
    for (let beat = 1; beat <= 200; beat += 1) {
      const written = disk.overwrite(path, JSON.stringify({ beat }));
      let done = false;
      const settled = written.then(() => {
        done = true;
      });
      while (!done) {
        t.notThrows(() => JSON.parse(readFileSync(path, 'utf8')));
        await new Promise(setImmediate);
      }
      await settled;
      t.deepEqual(JSON.parse(await readFile(path, 'utf8')), { beat });
    }
    await rm(path);
    await t.throwsAsync(disk.overwrite(path, '{"beat":201}'), { code: 'ENOENT' });
  });
});
