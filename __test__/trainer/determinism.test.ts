import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { trainFifty } from '../support/train-fifty.js';
import { digest } from '../support/weights.js';

const CHILD = fileURLToPath(new URL('../support/determinism-child.js', import.meta.url));

async function here(seed: number, threads: number): Promise<string> {
  await using agent = await trainFifty(seed, threads);
  return digest(agent);
}

async function elsewhere(seed: number, threads: number): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, String(seed), String(threads)]);
  return stdout;
}

test.serial('same seed, same bytes after 50 iterations: twice in one process, in two processes, with 1 and 2 threads', async (t) => {
  const first = await here(11, 2);
  t.is(await here(11, 2), first, 'twice in one process');
  t.is(await here(11, 1), first, 'with one thread');
  t.is(await elsewhere(11, 2), first, 'in another process');
  t.is(await elsewhere(11, 1), first, 'in another process, with one thread');
});

test.serial('another seed, other bytes', async (t) => {
  t.not(await here(12, 2), await here(13, 2));
});
