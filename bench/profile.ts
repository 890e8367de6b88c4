import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sizes } from './lib/agents.js';
import { ROOT } from './lib/peers-folder.js';
import { writeResults } from './lib/results.js';

/** Where the processor's time goes at one size, on one thread. */
export interface Profile extends Sizes {
  /** Share of the time by function, the largest first; what is left is `other`. */
  readonly shares: Readonly<Record<string, number>>;
}

/** What `profile.json` holds beside command and machine. */
export interface ProfileResults {
  readonly profiles: readonly Profile[];
}

const PLACES: readonly Sizes[] = [
  { batch: 192, hidden: 96, horizon: 6 },
  { batch: 16, hidden: 96, horizon: 6 },
  { batch: 16384, hidden: 96, horizon: 6 },
  { batch: 192, hidden: 32, horizon: 6 },
  { batch: 192, hidden: 512, horizon: 6 },
  { batch: 192, hidden: 96, horizon: 512 },
];

/** Least share that is named. */
const LEAST = 0.01;

/**
 * Rollout and update under Linux's `perf`, through the Rust example `native`, built once more with the full names of functions.
 *
 * @param command - How this was called.
 */
export function profile(command: string): void {
  const env = { ...process.env, RUSTFLAGS: '-C symbol-mangling-version=v0', CARGO_TARGET_DIR: `${ROOT}build/bench-profile` };
  console.log('Building with full names (minutes, once) ...');
  const args = ['build', '--locked', '--release', '-q', '--workspace', '--example', 'native'];
  execFileSync('cargo', args, { cwd: ROOT, env, stdio: 'inherit' });
  const program = `${ROOT}build/bench-profile/release/examples/native`;
  writeResults<ProfileResults>('profile', command, { profiles: PLACES.map((place) => ({ ...place, shares: record(program, place) })) });
}

function record(program: string, { batch, hidden, horizon }: Sizes): Record<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'innate-perf-'));
  const data = join(folder, 'perf.data');
  try {
    console.log(`batch ${batch}, hidden size ${hidden}, horizon ${horizon} ...`);
    const sizes = [1, 3000, batch, hidden, horizon].map(String);
    execFileSync('perf', ['record', '-q', '-F', '2000', '-e', 'cpu-clock', '-o', data, program, ...sizes], { stdio: 'ignore' });
    const options = ['report', '-i', data, '--stdio', '--no-children', '--sort', 'dso,symbol'];
    return shares(execFileSync('perf', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `12.34%  native  [.] …run_avx512::<kernel::gru::Backward>` by `kernel::gru::Backward`. */
function shares(report: string): Record<string, number> {
  const found = new Map<string, number>();
  for (const [, percent, object = '', symbol = ''] of report.matchAll(/^\s+([\d.]+)%\s+(\S+)\s+\[.\]\s+(.*)$/gm)) {
    const share = Number(percent) / 100;
    const name = nameOf(object, symbol.replace(/\s+-.*$/, '').trim());
    const key = share < LEAST ? 'other' : name;
    found.set(key, (found.get(key) ?? 0) + share);
  }
  return Object.fromEntries([...found].sort(([a, x], [b, y]) => Number(a === 'other') - Number(b === 'other') || y - x));
}

function nameOf(object: string, symbol: string): string {
  const short = symbol.replaceAll('innate_core::', '');
  if (short.includes('run_') && short.includes('<kernel::')) {
    return /<(kernel::[\w:]+)>/.exec(short)?.[1] ?? short;
  }
  if (short.startsWith('__mem')) {
    return /^__(mem[a-z]+)/.exec(short)?.[1] ?? short;
  }
  return object.includes('kernel') ? 'system' : short.replaceAll(/::\{closure#\d+\}|[<>]/g, '');
}
