import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { writeResults } from './lib/results.js';

/** How much memory the process had after an update, in bytes. */
export interface Look {
  readonly update: number;
  /** Resident, as it was. */
  readonly rssBeforeGc: number;
  /** Resident, after a garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly seconds: number;
}

/** One training run. */
export interface MemoryRun {
  readonly title: string;
  readonly batch: number;
  readonly hidden: number;
  readonly looks: readonly Look[];
}

/** What `memory.json` holds beside command and machine. */
export interface MemoryResults {
  readonly updates: number;
  readonly runs: readonly MemoryRun[];
}

/**
 * Resident memory over a long training run, in processes of their own.
 *
 * @param command - How this was called.
 * @param updates - How long; 100,000 for the record.
 */
export async function memory(command: string, updates: number): Promise<void> {
  const runs: MemoryRun[] = [];
  for (const [title, batch, hidden] of [
    ['small', 16, 16],
    ['tutorial', 192, 96],
  ] as const) {
    console.log(`${title}: ${updates} updates of ${batch} problems, hidden size ${hidden} ...`);
    runs.push({ title, batch, hidden, looks: await watch([batch, hidden, updates]) });
  }
  writeResults<MemoryResults>('memory', command, { updates, runs });
}

async function watch(args: readonly number[]): Promise<Look[]> {
  const program = fileURLToPath(new URL('./peers/memory.js', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', program, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const looks: Look[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const look = JSON.parse(line) as Look;
    looks.push(look);
    console.log(`  update ${look.update}: ${(look.rss / 2 ** 20).toFixed(2)} MiB after ${look.seconds.toFixed(0)} s`);
  }
  return looks;
}
