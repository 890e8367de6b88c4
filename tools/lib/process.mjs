// Child processes of the tools. Node built-ins only: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

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
export function run(command, args, { cwd = ROOT, env, bare = false, output = 'inherit', stdin = false, timeout } = {}) {
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
    for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
      child[stream]?.setEncoding('utf8').on('data', (text) => {
        kept += text;
        if (output === 'tee') {
          process[stream].write(text);
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
    const onInt = () => (group || process.stdin.isTTY !== true) && kill('SIGINT');
    const onTerm = () => kill('SIGTERM');
    process.on('SIGINT', onInt).on('SIGTERM', onTerm);
    const onTimeout = () => {
      timedOut = true;
      console.error(`${command} ${args.join(' ')}: killed after ${Math.round((timeout ?? 0) / 1000)} s`);
      kill('SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(onTimeout, timeout);
    /** @param {number} code - Exit status. */
    const end = (code) => {
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

/** @returns {string} npm's program, a JavaScript file: it can then be run by node on every system, with any PATH. */
export function npmProgram() {
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

/**
 * Runs a tool's main function, if the tool is what node was started with: a {@link ToolError}, or what `parseArgs` says of the command line,
 * becomes one line and exit status 1.
 *
 * @param {ImportMeta} meta - The tool's own.
 * @param {() => Promise<number | void>} main - Returns the exit status; nothing means 0.
 */
export async function tool(meta, main) {
  if (meta.url !== pathToFileURL(process.argv[1] ?? '').href) {
    return;
  }
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const { code = '', message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!(error instanceof ToolError) && !code.startsWith('ERR_PARSE_ARGS')) {
      throw error;
    }
    console.error(message);
    process.exitCode = 1;
  }
}
