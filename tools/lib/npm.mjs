// npm as a JavaScript file: it can then be run by node on every system, with any PATH.
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ToolError } from './process.mjs';

/** @returns {string} npm's program, a JavaScript file. */
export function npmProgram() {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('.js')) {
    return running;
  }
  const folders = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  const windows = folders.map((folder) => join(folder, 'node_modules/npm/bin/npm-cli.js'));
  const posix = folders.map((folder) => join(folder, 'npm'));
  const found = (process.platform === 'win32' ? windows : posix).find((path) => existsSync(path));
  if (found === undefined) {
    throw new ToolError('npm is not on your PATH: it comes with Node.js.');
  }
  return realpathSync(found);
}
