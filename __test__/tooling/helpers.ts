import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's root; compiled tests lie in build/__test__/tooling. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a Node script with this process's own Node. */
export function runNode(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', timeout: 120_000, ...options });
  return { code: status, stdout, stderr };
}
