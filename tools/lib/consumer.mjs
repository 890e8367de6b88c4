// An empty folder of a user of the package, on a machine with Node.js and npm and nothing else.
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmProgram } from './npm.mjs';
import { ROOT, run, ToolError } from './process.mjs';

/** A machine's environment: programs, npm's settings, home. */
export class Machine {
  /** @type {NodeJS.ProcessEnv} */
  #env;
  /** npm's program, a JavaScript file. */
  #npm;

  /**
   * @param {string} folder - For its programs, home and caches.
   * @param {string} registry - The only registry it knows.
   */
  constructor(folder, registry) {
    const bin = join(folder, 'bin');
    const home = join(folder, 'home');
    mkdirSync(bin, { recursive: true });
    mkdirSync(home, { recursive: true });
    this.#npm = npmProgram();
    const windows = process.platform === 'win32';
    if (!windows) {
      symlinkSync(process.execPath, join(bin, 'node'));
      symlinkSync(this.#npm, join(bin, 'npm'));
    }
    const userconfig = join(home, '.npmrc');
    // Anonymous publishing is allowed, but npm asks for a token of some kind.
    writeFileSync(userconfig, `registry=${registry}/\n${registry.slice('http:'.length)}/:_authToken=none\naudit=false\nfund=false\n`);
    const npmConfig = { npm_config_userconfig: userconfig, npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' };
    // Windows gives links to administrators only, and starts nothing without its own folder.
    const system = windows ? { SystemRoot: process.env['SystemRoot'], TEMP: folder, USERPROFILE: home } : {};
    this.#env = { PATH: windows ? dirname(process.execPath) : bin, HOME: home, TMPDIR: folder, ...system, ...npmConfig };
  }

  /**
   * Runs a program in a folder.
   *
   * @param {string} program - The program.
   * @param {string} cwd - The folder.
   * @param {readonly string[]} args - Its arguments.
   * @param {NodeJS.ProcessEnv} [env] - Added to the machine's.
   */
  run(program, cwd, args, env = {}) {
    return run(program, args, { cwd, env: { ...this.#env, ...env }, bare: true, output: 'capture', timeout: 120_000 });
  }

  /**
   * Runs node in a folder.
   *
   * @param {string} cwd - The folder.
   * @param {readonly string[]} args - Arguments of node.
   * @param {NodeJS.ProcessEnv} [env] - Added to the machine's.
   */
  node(cwd, args, env = {}) {
    return this.run(process.execPath, cwd, args, env);
  }

  /**
   * Runs npm in a folder and stops here if it fails.
   *
   * @param {string} cwd - The folder.
   * @param {readonly string[]} args - Arguments of npm.
   * @returns {Promise<number>} Seconds.
   */
  async npm(cwd, args) {
    const start = performance.now();
    const { code, output } = await this.node(cwd, [this.#npm, ...args]);
    if (code !== 0) {
      throw new ToolError(`npm ${args.join(' ')} failed (exit status ${code}):\n${output}`);
    }
    return (performance.now() - start) / 1000;
  }

  /** @returns {Promise<string[]>} Compilers that can be found, which must be none. */
  async compilers() {
    const found = [];
    for (const program of ['cargo', 'rustc', 'cc', 'gcc', 'clang', 'make', 'python3']) {
      const { code } = await run(program, ['--version'], { env: this.#env, bare: true, output: 'capture' });
      found.push(...(code === 127 ? [] : [program]));
    }
    return found;
  }
}

/**
 * Makes a user's folder with the programs of tools/consumer in it, emptied first.
 *
 * @param {string} folder - Where.
 * @returns {string} The folder.
 */
export function newProject(folder) {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(ROOT, 'tools/consumer'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  return folder;
}

/**
 * @param {string} folder - A folder.
 * @returns {number} Bytes of all files in it.
 */
export function sizeOf(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
