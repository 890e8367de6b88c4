// Child processes of the tools. Node built-ins only: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A failure whose message says everything: printed without a stack. */
export class ToolError extends Error {}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] - Folder to run in; the root unless told.
 * @property {NodeJS.ProcessEnv} [env] - Added to this process's environment.
 * @property {boolean} [bare] - Give the child `env` and nothing of this process's environment. Default false.
 * @property {'inherit' | 'tee' | 'capture'} [output] - Show it, show and keep it, or keep it. Default `inherit`.
 * @property {boolean} [stdin] - Whether the child may read the terminal. Default false.
 * @property {number} [timeout] - Milliseconds after which the child and its children are killed.
 */

/**
 * @typedef {object} RunResult
 * @property {number} code - Exit status; 128 + n for signal n, 124 after a timeout, 127 if the program was not found.
 * @property {string} output - Standard output and error, as far as kept.
 */

/**
 * Runs a program to its end.
 *
 * @param {string} command - Program.
 * @param {readonly string[]} args - Its arguments; no shell comes between.
 * @param {RunOptions} [options] - See there.
 * @returns {Promise<RunResult>} How it ended. Never rejects.
 */
export function run(command, args, options = {}) {
  const { cwd = ROOT, env, bare = false, output = 'inherit', stdin = false, timeout } = options;
  const windows = process.platform === 'win32';
  // A group of its own, so that a timeout ends grandchildren too; not with a terminal, whose Ctrl-C must reach the child.
  const group = timeout !== undefined && !stdin && !windows;
  return new Promise((resolve) => {
    const pipe = output === 'inherit' ? 'inherit' : 'pipe';
    const child = spawn(command, args, {
      cwd,
      env: bare ? { ...env } : { ...process.env, ...env },
      stdio: [stdin ? 'inherit' : 'ignore', pipe, pipe],
      detached: group,
    });
    let kept = '';
    let timedOut = false;
    /** @type {[NodeJS.ReadableStream | null, NodeJS.WriteStream][]} */
    const streams = [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ];
    for (const [from, to] of streams) {
      from?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        kept += text;
        if (output === 'tee') {
          to.write(text);
        }
      });
    }
    /** @param {NodeJS.Signals} signal - Sent to the child, or to its group. */
    const kill = (signal) => {
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
    const onInt = () => {
      if (group || process.stdin.isTTY !== true) {
        kill('SIGINT');
      }
    };
    const onTerm = () => kill('SIGTERM');
    process.on('SIGINT', onInt).on('SIGTERM', onTerm);
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            kill('SIGKILL');
          }, timeout);
    /** @param {number} code - Exit status. */
    const end = (code) => {
      clearTimeout(timer);
      process.off('SIGINT', onInt).off('SIGTERM', onTerm);
      resolve({ code, output: kept });
    };
    child.on('error', (error) => {
      kept += `${error.message}\n`;
      end(127);
    });
    child.on('close', (code, signal) => {
      if (timedOut) {
        console.error(`${command} ${args.join(' ')}: killed after ${Math.round((timeout ?? 0) / 1000)} s`);
        end(124);
      } else {
        end(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      }
    });
  });
}

/**
 * Runs a program and stops here if it fails; its own output has said why.
 *
 * @param {string} what - What is being done, for the message.
 * @param {string} command - Program.
 * @param {readonly string[]} args - Its arguments.
 * @param {RunOptions} [options] - See {@link run}.
 */
export async function must(what, command, args, options = {}) {
  const { code } = await run(command, args, options);
  if (code !== 0) {
    throw new ToolError(`${what} failed (exit status ${code}); what it printed is above.`);
  }
}

/**
 * Runs a tool's main function: a {@link ToolError} becomes one line and exit status 1.
 *
 * @param {() => Promise<number | undefined>} main - Returns the exit status; nothing means 0.
 */
export async function tool(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof ToolError)) {
      throw error;
    }
    console.error(error.message);
    process.exitCode = 1;
  }
}
