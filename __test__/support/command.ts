import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = join(ROOT, 'dist/cli/main.js');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder inside the repository, so that modules in it find `innate`; removed after the test. */
export function projectWith(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): string {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'build/project-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Runs `innate` as a user would. */
export function innate(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  const options = { cwd, encoding: 'utf8', timeout: 300_000, env: { ...process.env, ...env } } as const;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], options);
  return { code: status, signal, stdout, stderr };
}

/** A command under way. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #heard: () => void = () => undefined;

  constructor(cwd: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (data) => {
      this.#stdout += data;
    });
    this.child.stderr?.on('data', (data) => {
      this.#stderr += data;
      this.#heard();
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#heard();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** Waits until it has said something on standard error. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended without saying ${pattern}:\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

/** SHA-256 of the numbers in the newest checkpoint of a folder; not by the code that is tested. */
export function numbersIn(folder: string): string {
  const [newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .reverse();
  const bytes = readFileSync(join(folder, newest ?? ''));
  return createHash('sha256')
    .update(bytes.subarray(8 + Number(bytes.readBigUInt64LE())))
    .digest('hex');
}
