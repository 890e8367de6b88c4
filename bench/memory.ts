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
  /** Given to node. */
  readonly flags: readonly string[];
  readonly looks: readonly Look[];
}

/** What `memory.json` holds beside command and machine. */
export interface MemoryResults {
  readonly updates: number;
  readonly runs: readonly MemoryRun[];
}

/** Keeps V8 from growing its young generation, and from freeing it later on other threads: what grows then is a leak. */
const HELD = ['--single-threaded-gc', '--max-semi-space-size=1'];

/**
 * Resident memory over a long training run, in processes of their own.
 *
 * @param command - How this was called.
 * @param updates - How long; 100,000 for the record.
 */
export async function memory(command: string, updates: number): Promise<void> {
  const runs: MemoryRun[] = [];
  for (const [title, batch, hidden, flags] of [
    ['small', 16, 16, []],
    ['tutorial', 192, 96, []],
    ['small, held', 16, 16, HELD],
    ['tutorial, held', 192, 96, HELD],
  ] as const) {
    console.log(`${title}: ${updates} updates of ${batch} problems, hidden size ${hidden} ...`);
    runs.push({ title, batch, hidden, flags, looks: await watch(flags, [batch, hidden, updates]) });
  }
  writeResults<MemoryResults>('memory', command, { updates, runs });
}

async function watch(flags: readonly string[], args: readonly number[]): Promise<Look[]> {
  const program = fileURLToPath(new URL('./peers/memory.js', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', ...flags, program, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const looks: Look[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const look = JSON.parse(line) as Look;
    looks.push(look);
    console.log(`  update ${look.update}: ${(look.rss / 2 ** 20).toFixed(2)} MiB after ${look.seconds.toFixed(0)} s`);
  }
  return looks;
}
