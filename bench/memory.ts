import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Goal, goalsTable, table } from './lib/measure.js';
import { report } from './lib/page.js';
import { nodePeer } from './lib/peers.js';

const ENVIRONMENTS = fileURLToPath(new URL('../__test__/support/environment-memory-child.js', import.meta.url));

/** How much memory the process had after an update and a garbage collection, in bytes. */
interface Look {
  readonly update: number;
  readonly rss: number;
  readonly heapUsed: number;
}

/** Keeps V8 from growing its young generation, and from freeing it later on other threads: what grows then is a leak. */
const HELD = ['--single-threaded-gc', '--max-semi-space-size=1'];

/** Title, batch size, hidden size, flags of node. */
const RUNS: readonly (readonly [string, number, number, readonly string[]])[] = [
  ['small', 16, 16, []],
  ['tutorial', 192, 96, []],
  ['small, held', 16, 16, HELD],
  ['tutorial, held', 192, 96, HELD],
];

/** Resident memory over a long training run, in processes of their own. */
export async function memory(command: string, updates: number): Promise<void> {
  const runs: { readonly title: string; readonly looks: readonly Look[] }[] = [];
  for (const [title, batch, hidden, flags] of RUNS) {
    console.log(`${title}: ${updates} updates of ${batch} problems, hidden size ${hidden} ...`);
    runs.push({ title, looks: await watch<Look>(flags, nodePeer('memory', `${batch}`, `${hidden}`, `${updates}`).slice(1)) });
  }
  const goals = runs.map(({ title, looks: [first, ...more] }): Goal => {
    const last = more.at(-1);
    const growth = ((last?.rss ?? NaN) - (first?.rss ?? NaN)) / 1e6;
    const what = `resident memory, update ${first?.update.toLocaleString('en')} to ${last?.update.toLocaleString('en')}, ${title}`;
    return [what, 'under 1 MB more', `${growth.toFixed(2)} MB more`, growth < 1];
  });
  const mebibytes = (bytes = NaN): string => (bytes / 2 ** 20).toFixed(2);
  const rows = (runs[0]?.looks ?? []).map(({ update }, i) => [
    update.toLocaleString('en'),
    ...runs.flatMap(({ looks }) => [mebibytes(looks[i]?.rss), mebibytes(looks[i]?.heapUsed)]),
  ]);
  const head = runs.flatMap(({ title }) => [`${title}: resident`, 'V8 heap']);
  report('memory', command, [goalsTable(goals), table(['update', ...head], rows)]);
}

/** The same, in environments. */
interface EnvironmentLook {
  readonly iteration: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Bytes that JavaScript objects hold outside of V8's heap. */
  readonly external: number;
}

/** Memory over a long run in tiny environments: 4 rows of 8 steps, hidden size 8. */
export async function environmentMemory(command: string, iterations: number): Promise<void> {
  const looks = await watch<EnvironmentLook>(['--max-semi-space-size=1'], [ENVIRONMENTS, `${iterations}`]);
  const [first, last] = [looks[0], looks.at(-1)];
  const from = `iteration ${first?.iteration.toLocaleString('en')} to ${last?.iteration.toLocaleString('en')}`;
  const held = (look?: EnvironmentLook): number => ((look?.heapUsed ?? NaN) + (look?.external ?? NaN)) / 1e6;
  const resident = (look?: EnvironmentLook): number => (look?.rss ?? NaN) / 1e6;
  const goals = [
    [`V8's heap and what it holds outside, ${from}`, held(last) - held(first)] as const,
    [`resident memory, ${from}`, resident(last) - resident(first)] as const,
  ].map(([what, growth]): Goal => [what, 'under 1 MB more', `${growth.toFixed(2)} MB more`, growth < 1]);
  const rows = looks.map((look) => [look.iteration.toLocaleString('en'), held(look).toFixed(2), resident(look).toFixed(2)]);
  report('environment-memory', command, [goalsTable(goals), table(['iteration', 'heap and outside, MB', 'resident, MB'], rows)]);
}

/** Runs a program with its arguments under these flags of node, for what it says of its memory. */
async function watch<T extends { readonly rss: number }>(flags: readonly string[], program: readonly string[]): Promise<T[]> {
  const child = spawn(process.execPath, ['--expose-gc', ...flags, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close') as Promise<[number]>;
  const looks: T[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const look = JSON.parse(line) as T;
    looks.push(look);
    console.log(`  look ${looks.length}: ${(look.rss / 2 ** 20).toFixed(2)} MiB`);
  }
  const [code] = await ended;
  if (code !== 0) {
    throw new Error(`The run ended with exit status ${code}.`);
  }
  return looks;
}
