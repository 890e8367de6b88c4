import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { type Settings, settings } from './settings.js';

/** How a peer is started. */
export interface PeerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A peer could not be started or did not answer. */
export class PeerError extends Error {}

/** A child process that answers one JSON line with one JSON line. */
export class Peer {
  /** Engine and version, as it says itself. */
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: string[];

  private constructor(name: string, child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, errors: string[]) {
    this.name = name;
    this.#child = child;
    this.#lines = lines;
    this.#errors = errors;
  }

  /**
   * @param command - What to start.
   * @param options - Settings that it gets.
   * @returns The peer, ready.
   * @throws {@link PeerError} saying why not.
   */
  static async start({ command, args, env }: PeerCommand, options: Settings = settings): Promise<Peer> {
    const [program = command, ...all] = [...pinned(options.threads), command, ...args];
    const child = spawn(program, all, { env: { ...process.env, ...peerEnvironment(options), ...env }, stdio: 'pipe' });
    const errors: string[] = [];
    child.on('error', (error) => errors.push(error.message));
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const peer = new Peer(command, child, lines, errors);
    const { ready } = await peer.#answer();
    return new Peer(String(ready), child, lines, errors);
  }

  /**
   * @param request - One line.
   * @returns The answer.
   * @throws {@link PeerError} when it answers with an error, or not at all.
   */
  ask(request: object): Promise<Readonly<Record<string, unknown>>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  /**
   * @param iterations - How many.
   * @returns Milliseconds of each.
   */
  async run(iterations: number): Promise<number[]> {
    const { nanoseconds } = await this.ask({ type: 'run', iterations });
    return (nanoseconds as readonly number[]).map((each) => each / 1e6);
  }

  /** Closes the pipe: the process ends by itself. */
  close(): void {
    this.#child.stdin.end();
  }

  async #answer(): Promise<Readonly<Record<string, unknown>>> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new PeerError(`ended: ${lastLine(this.#errors.join(''))}`);
    }
    const answer = JSON.parse(value) as Readonly<Record<string, unknown>>;
    if ('error' in answer) {
      throw new PeerError(lastLine(String(answer['error'])));
    }
    return answer;
  }
}

/** Threads of every library that asks the environment. */
function peerEnvironment({ batchSize, stage, threads }: Settings): Record<string, string> {
  const names = ['BENCH_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'];
  const counts = Object.fromEntries(names.map((name) => [name, `${threads}`]));
  return { ...counts, BENCH_BATCH: `${batchSize}`, BENCH_STAGE: `${stage}` };
}

/**
 * @param threads - How many processors.
 * @returns What to put before a command so that it gets the same ones as all others; nothing where the machine has no more, or cannot.
 */
export function pinned(threads: number): string[] {
  const can = cpus().length > threads && spawnSync('taskset', ['--version']).status === 0;
  return can ? ['taskset', '-c', `0-${threads - 1}`] : [];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
