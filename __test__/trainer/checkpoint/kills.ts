import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunName } from './runs.js';

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url));

/** What came of a run that was killed over and over. */
export interface KilledRun {
  /** Digest of the final weights. */
  readonly digest: string;
  readonly iterations: number;
  readonly kills: number;
  /** Kills that left a file half written. */
  readonly within: number;
  /** Iterations that each life began with. */
  readonly begins: readonly number[];
  readonly warnings: readonly string[];
}

/**
 * Runs in a process that is killed at random moments, with `SIGKILL`, and begun again, until it ends by itself.
 *
 * @param name - Which run.
 * @param folder - Its folder.
 * @param kills - How often it is killed at most.
 * @param draw - Uniform in [0, 1).
 * @param longest - Milliseconds from when it goes on at most until it is killed.
 */
export async function runKilled(name: RunName, folder: string, kills: number, draw: () => number, longest: number): Promise<KilledRun> {
  let [killed, within] = [0, 0];
  const begins: number[] = [];
  const warnings: string[] = [];
  for (;;) {
    const delay = killed < kills ? draw() * longest : undefined;
    const life = await live(name, folder, delay);
    begins.push(life.begun);
    warnings.push(...life.warnings);
    if (life.done !== undefined) {
      return { ...life.done, kills: killed, within, begins, warnings };
    }
    killed += 1;
    within += (await readdir(folder)).some((file) => file.endsWith('.tmp')) ? 1 : 0;
  }
}

interface Life {
  readonly begun: number;
  readonly warnings: readonly string[];
  readonly done: { readonly digest: string; readonly iterations: number } | undefined;
}

function live(name: RunName, folder: string, delay: number | undefined): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, name, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let begun = -1;
    let done: Life['done'];
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    const warnings: string[] = [];
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, first = '', second = ''] = line.split(' ');
      if (word === 'ready') {
        begun = Number(first);
        timer = delay === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), delay);
      } else if (word === 'done') {
        done = { iterations: Number(first), digest: second };
      } else {
        warnings.push(line);
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || signal === 'SIGKILL') {
        resolve({ begun, warnings, done });
      } else {
        reject(new Error(`the process ended with ${code ?? signal}: ${errors}`));
      }
    });
  });
}
