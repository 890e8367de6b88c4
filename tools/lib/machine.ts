// A user of the package: a machine with Node.js and npm and nothing else, and the registry that it installs from.
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { installLocked } from './install.js';
import { npmProgram, ROOT, run, ToolError } from './process.js';

/** What the programs of tools/consumer print when all went well. */
export const DONE = 'mastered, saved, loaded, acted';

/** A registry on loopback that knows nothing but what is published to it: Verdaccio without uplinks. It ends with this process. */
export async function startRegistry(folder: string): Promise<string> {
  const { runServer } = createRequire(join(await installLocked('registry', 'Verdaccio'), '_'))('verdaccio');
  mkdirSync(folder, { recursive: true });
  const server: Server = await runServer({
    configPath: join(folder, 'config.json'),
    storage: join(folder, 'storage'),
    uplinks: {},
    packages: { '**': { access: '$all', publish: '$all', unpublish: '$all' } },
    web: { enable: false },
    log: { type: 'file', path: join(folder, 'log'), level: 'warn', format: 'json' },
  });
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

/** What tools/consumer/train.mjs prints: how it went, or the error. */
export interface Trained {
  readonly iterations?: number;
  readonly device?: string;
  readonly reason?: string;
  readonly code?: string;
  readonly message?: string;
  readonly warnings: readonly unknown[];
}

/** A machine's environment: programs, npm's settings, home. */
export class Machine {
  #env: NodeJS.ProcessEnv;
  #npm = npmProgram();

  constructor(folder: string, registry: string) {
    const bin = join(folder, 'bin');
    const home = join(folder, 'home');
    mkdirSync(bin, { recursive: true });
    mkdirSync(home, { recursive: true });
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

  /** Runs a program in a folder. */
  run(program: string, cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return run(program, args, { cwd, env: { ...this.#env, ...env }, bare: true, output: 'capture', timeout: 120_000 });
  }

  /** Runs this node in a folder. */
  node(cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
    return this.run(process.execPath, cwd, args, env);
  }

  /** Runs npm in a folder and stops here if it fails. Returns seconds. */
  async npm(cwd: string, args: readonly string[]): Promise<number> {
    const start = performance.now();
    const { code, output } = await this.node(cwd, [this.#npm, ...args]);
    if (code !== 0) {
      throw new ToolError(`npm ${args.join(' ')} failed (exit status ${code}):\n${output}`);
    }
    return (performance.now() - start) / 1000;
  }

  /** Makes a user's folder with the programs of tools/consumer in it, emptied first. Returns seconds of the installation. */
  async newProject(folder: string, packages: readonly string[] = ['innate']): Promise<number> {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(ROOT, 'tools/consumer'), folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
    return packages.length === 0 ? 0 : this.npm(folder, ['install', ...packages]);
  }

  /** Runs a program that must print this and nothing else, not even a warning. */
  async prints(
    project: string,
    file: string,
    expected = `Node ${process.versions.node}: ${DONE}`,
    [program, ...args]: readonly string[] = [process.execPath],
  ) {
    const { code, output } = await this.run(program ?? '', project, [...args, file]);
    if (code !== 0 || output.trim() !== expected) {
      throw new ToolError(`${file} ended with exit status ${code}:\n${output}`);
    }
  }

  /** Runs tools/consumer/train.mjs. Returns what it printed. */
  async train(project: string, device = 'cpu', env: NodeJS.ProcessEnv = {}): Promise<Trained> {
    const { code, output } = await this.node(project, ['--no-warnings', 'train.mjs', device], env);
    if (code !== 0 || !/^\{.*\}\n$/.test(output)) {
      throw new ToolError(`train.mjs ${device} ended with exit status ${code}:\n${output}`);
    }
    return JSON.parse(output);
  }
}
