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
 * @param longest - Milliseconds at most from a checkpoint of its, one of the first four, or its begin, until it is killed.
 */
export async function runKilled(name: RunName, folder: string, kills: number, draw: () => number, longest: number): Promise<KilledRun> {
  let [killed, within] = [0, 0];
  const begins: number[] = [];
  const warnings: string[] = [];
  for (;;) {
    const fate = killed < kills ? { checkpoint: Math.floor(draw() * 5), delay: draw() * longest } : undefined;
    const life = await live(name, folder, fate);
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

/** When a process is killed: some time after a checkpoint; 0: after its begin. */
interface Fate {
  readonly checkpoint: number;
  readonly delay: number;
}

function live(name: RunName, folder: string, fate: Fate | undefined): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, name, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let begun = -1;
    let done: Life['done'];
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    const warnings: string[] = [];
    let kept = 0;
    const meet = (): void => {
      if (fate?.checkpoint === kept) {
        timer = setTimeout(() => child.kill('SIGKILL'), fate.delay);
      }
    };
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, first = '', second = ''] = line.split(' ');
      if (word === 'ready') {
        begun = Number(first);
        meet();
      } else if (word === 'kept') {
        kept += 1;
        meet();
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
