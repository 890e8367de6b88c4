// The Rust examples of crates/innate-core: the core with nothing around it, and the machine's rate of products.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { ROOT } from '../../tools/lib/process.js';

const built = new Map<string, string | undefined>();

/** Runs an example, which cargo builds first, for the lines of JSON that it prints; `undefined` where it cannot be built. */
export function rustExample<T>(name: string, args: readonly number[], prefix: readonly string[] = []): T[] | undefined {
  if (!built.has(name)) {
    built.set(name, build(name));
  }
  const program = built.get(name);
  if (program === undefined) {
    return undefined;
  }
  const [command = program, ...rest] = [...prefix, program, ...args.map(String)];
  const lines = execFileSync(command, rest, { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as T);
}

function build(name: string): string | undefined {
  const folders = existsSync(`${ROOT}/target`) ? readdirSync(`${ROOT}/target`) : [];
  const host = folders.find((folder) => existsSync(`${ROOT}/target/${folder}/release/deps`) && folder !== 'napi-rs');
  const target = host === undefined ? [] : ['--target', host];
  try {
    const args = ['build', '--locked', '--release', '-q', '--workspace', '--example', name, ...target];
    execFileSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    return undefined;
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return `${ROOT}/target/${host === undefined ? '' : `${host}/`}release/examples/${name}${suffix}`;
}

/** Rate of one shape, `[m, k, n]`, all threads at once. */
export interface GemmRate {
  readonly engine: string;
  readonly threads: number;
  readonly shape: readonly [number, number, number];
  readonly gflops: number;
}

/** The fused engine's own kernel. Returns one rate a shape; none where the example cannot be built. */
export function nativeRates(threads: number, milliseconds: number): GemmRate[] {
  return rustExample<GemmRate>('gemm', [threads, milliseconds]) ?? [];
}

/** The best round of each shape: the machine's limit, not its noise. */
export function bestRates(rates: readonly GemmRate[]): GemmRate[] {
  const best = new Map<string, GemmRate>();
  for (const rate of rates) {
    const shape = rate.shape.join('×');
    if (rate.gflops > (best.get(shape)?.gflops ?? 0)) {
      best.set(shape, rate);
    }
  }
  return [...best.values()];
}

/** The rate over all shapes: the harmonic mean, since the shapes have equal work. Not a number where none was measured. */
export function meanRate(rates: readonly GemmRate[]): number {
  return rates.length / rates.reduce((sum, { gflops }) => sum + 1 / gflops, 0);
}

/** Sizes of a network and of what it is given. */
export interface Sizes {
  readonly batch: number;
  readonly hidden: number;
  readonly horizon: number;
}

/** The tutorial's. */
export const TUTORIAL: Sizes = { batch: 192, hidden: 96, horizon: 6 };

/** Floating-point operations of an update's products: recurrent weights and heads, forward and twice backward; token·W_ih is a table. */
export function flop({ batch, horizon, hidden }: Sizes): number {
  return 3 * 2 * batch * horizon * (hidden * 3 * hidden + hidden * (18 + 1));
}

/** Sizes of an iteration of PPO in environments. */
export interface PpoSizes {
  readonly envs: number;
  readonly steps: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly minibatches: number;
}

/**
 * Floating-point operations of an iteration's products on CartPole. Forward, a step takes 2 · (3H · (H + F) + H · (A + 1)): recurrent weights,
 * those of the F = 4 + 1 numbers that are read (the observation and whether an episode begins; the action before is a row of a table), and the
 * heads of A = 2 actions and the value. Backward takes twice that. A step is gone forward once to collect it, and forward and backward once an
 * epoch.
 */
export function ppoFlop({ envs, steps, hidden, epochs }: PpoSizes): number {
  const forward = 2 * (3 * hidden * (hidden + 5) + hidden * (2 + 1));
  return envs * steps * forward * (1 + 3 * epochs);
}
