// Child processes of the tools.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder; compiled tools lie in build/run, and in build/tools for tests and benchmarks. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).slice(0, -1);

/** A failure whose message says everything: tools/tool.mjs prints it without a stack. */
export class ToolError extends Error {}

export interface RunOptions {
  readonly cwd?: string; // Folder to run in; the root unless told.
  readonly env?: NodeJS.ProcessEnv; // Added to this process's environment.
  readonly bare?: boolean; // Give the child `env` and nothing of this process's environment. Default false.
  readonly output?: 'inherit' | 'tee' | 'capture'; // Show it, show and keep it, or keep it. Default `inherit`.
  readonly stdin?: boolean; // Whether the child may read the terminal. Default false.
  readonly timeout?: number; // Milliseconds after which the child and its children are killed.
}

export interface RunResult {
  readonly code: number; // Exit status; 128 + n for signal n, 124 after a timeout, 127 if the program was not found.
  readonly output: string; // Standard output and error, as far as kept.
}

/** Runs a program to its end. Never rejects. */
export function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env, bare = false, output = 'inherit', stdin = false, timeout }: RunOptions = {},
): Promise<RunResult> {
  // A group of its own, so that a timeout ends grandchildren too; not with a terminal, whose Ctrl-C must reach the child.
  const group = timeout !== undefined && !stdin && process.platform !== 'win32';
  const pipe = output === 'inherit' ? 'inherit' : 'pipe';
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: bare ? { ...env } : { ...process.env, ...env },
      stdio: [stdin ? 'inherit' : 'ignore', pipe, pipe],
      detached: group,
    });
    let kept = '';
    let timedOut = false;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text) => {
        kept += text;
        if (output === 'tee') {
          process[stream].write(text);
        }
      });
    }
    const kill = (signal: NodeJS.Signals) => {
      try {
        if (group && child.pid !== undefined) {
          process.kill(-child.pid, signal);
        } else {
          child.kill(signal);
        }
      } catch {
        // It has ended already.
      }
    };
    // The child decides how to end on a signal. A terminal sends SIGINT to it by itself, unless it has a group of its own.
    const onInt = () => (group || process.stdin.isTTY !== true) && kill('SIGINT');
    const onTerm = () => kill('SIGTERM');
    process.on('SIGINT', onInt).on('SIGTERM', onTerm);
    const onTimeout = () => {
      timedOut = true;
      console.error(`${command} ${args.join(' ')}: killed after ${Math.round((timeout ?? 0) / 1000)} s`);
      kill('SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(onTimeout, timeout);
    const end = (code: number) => {
      clearTimeout(timer);
      process.off('SIGINT', onInt).off('SIGTERM', onTerm);
      resolve({ code: timedOut ? 124 : code, output: kept });
    };
    child.on('error', (error) => {
      kept += `${error.message}\n`;
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Runs a program and stops here if it fails; its own output has said why. */
export async function must(what: string, command: string, args: readonly string[], options: RunOptions = {}) {
  const { code } = await run(command, args, options);
  if (code !== 0) {
    throw new ToolError(`${what} failed (exit status ${code}); what it printed is above.`);
  }
}

/** npm's program, a JavaScript file: it can then be run by node on every system, with any PATH. */
export function npmProgram(): string {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('.js')) {
    return running;
  }
  const folders = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  const file = process.platform === 'win32' ? 'node_modules/npm/bin/npm-cli.js' : 'npm';
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new ToolError('npm is not on your PATH: it comes with Node.js.');
  }
  return realpathSync(found);
}
