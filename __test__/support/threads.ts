import { readFileSync } from 'node:fs';

/** Threads of this process; NaN where the system does not say. */
export function threadCount(): number {
  return process.platform === 'linux' ? Number(/^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) : Number.NaN;
}
