// Other engines that do the same work, each in a process that stays.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { golden } from '../../__test__/support/safetensors.js';
import { ROOT } from '../../tools/lib/process.js';
import { GOLDEN, settings } from './agents.js';
import type { CheckAnswer } from './serve.js';
import { assertGolden } from './verify.js';

/** What is compared. */
export interface PeerSpec {
  readonly id: string; // Key in the results.
  readonly title: string; // What it is, for people.
  readonly needs?: string; // The part of bench/setup.ts it needs, if any.
  readonly command: readonly string[]; // Program and arguments.
  readonly env?: Readonly<Record<string, string>>;
  readonly threads?: number; // And processors that it gets; those of the settings unless it is said.
}

/** A part of what bench/setup.ts installs: its folder, with a slash at the end. */
export function peersFolder(name: string): string {
  return `${ROOT}/build/bench-peers/${name}/`;
}

/** How a script of bench/peers is started. */
export function script(name: string, ...args: string[]): string[] {
  const python = `${peersFolder('python')}${process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'}`;
  return [python, `${ROOT}/bench/peers/${name}.py`, ...args];
}

/** How a compiled program of bench/peers is started. */
export function nodePeer(name: string, ...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url)), ...args];
}

/** Where golden vectors of the tutorial lie. */
export function goldenPath(name: string): string {
  return `${ROOT}/__test__/golden/tutorial/${name}.safetensors`;
}

/** A peer could not be started or did not answer. */
class PeerError extends Error {}

/** A child process that answers one JSON line with one JSON line. */
export class Peer {
  readonly spec: PeerSpec;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(spec: PeerSpec) {
    this.spec = spec;
    const { batchSize, stage } = settings;
    const { threads = settings.threads } = spec;
    const [program = '', ...args] = [...pinned(threads), ...spec.command];
    // Every library asks the environment.
    const names = ['BENCH_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'];
    const counts = Object.fromEntries(names.map((name) => [name, `${threads}`]));
    const env = {
      ...process.env,
      ...counts,
      BENCH_BATCH: `${batchSize}`,
      BENCH_STAGE: `${stage}`,
      BENCH_GOLDEN: goldenPath(GOLDEN),
      ...spec.env,
    };
    this.#child = spawn(program, args, { env, stdio: 'pipe' });
    this.#child.on('error', ({ message }) => {
      this.#errors += message;
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Reads its next line; throws where it is an error, or there is none. */
  async answer<T = Readonly<Record<string, unknown>>>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new PeerError(`ended: ${lastLine(this.#errors)}`);
    }
    const answer = JSON.parse(value) as T & { readonly error?: unknown };
    if (answer.error !== undefined) {
      throw new PeerError(lastLine(String(answer.error)));
    }
    return answer;
  }

  ask<T>(request: object): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.answer<T>();
  }

  async run(iterations: number): Promise<readonly number[]> {
    return (await this.ask<{ milliseconds: number[] }>({ type: 'run', iterations })).milliseconds;
  }

  /** Closes the pipe: the process ends by itself. */
  close(): void {
    this.#child.stdin.end();
  }
}

/** What to put before a command so that all get the same processors; nothing where the machine has no more, or cannot. */
export function pinned(threads: number = settings.threads): string[] {
  const can = cpus().length > threads && spawnSync('taskset', ['--version']).status === 0;
  return can ? ['taskset', '-c', `0-${threads - 1}`] : [];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/**
 * Starts peers one after another; says who is absent, and why. With `check` their results are compared with the golden vectors first, and the
 * bench stops when some are wrong: nothing is worth timing then.
 */
export async function startPeers(specs: readonly PeerSpec[], missing: Readonly<Record<string, string>>, check: boolean): Promise<Peer[]> {
  const started: Peer[] = [];
  for (const spec of specs) {
    try {
      const reason = missing[spec.needs ?? ''];
      if (reason !== undefined) {
        throw new PeerError(reason);
      }
      const peer = new Peer(spec);
      const { ready } = await peer.answer();
      if (check) {
        assertGolden(spec.title, golden(GOLDEN), await peer.ask<CheckAnswer>({ type: 'check' }));
      }
      console.log(`  ${spec.title} (${ready})${check ? ': results equal' : ''}`);
      started.push(peer);
    } catch (error) {
      if (!(error instanceof PeerError)) {
        throw error;
      }
      console.log(`  ${spec.title}: absent (${error.message})`);
    }
  }
  return started;
}
