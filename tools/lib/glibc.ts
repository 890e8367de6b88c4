// The oldest GNU C library that an addon loads with. Read from the file itself: no binutils needed.
import { readFileSync } from 'node:fs';
import { ToolError } from './process.js';
import { isOlder } from './toolchain.js';

/**
 * The glibc that README and the platform packages promise to be enough, by platform; other platforms have none. On x64 addons are linked
 * with an old library (tools/build.ts); on arm64 it is that of the system that builds.
 */
export const PROMISED_GLIBC: Readonly<Record<string, string | undefined>> = { 'linux-x64-gnu': '2.17', 'linux-arm64-gnu': '2.34' };

/** Stops unless an addon loads with the glibc that is promised. Returns what it asks for. */
export function checkGlibc(file: string, platform: string): string {
  const promised = PROMISED_GLIBC[platform];
  const floor = promised === undefined ? '0' : glibcFloor(file);
  if (promised !== undefined && isOlder(promised, floor)) {
    throw new ToolError(`${file} needs glibc ${floor}, and README and tools/lib/glibc.ts promise ${promised}: link it with an older one.`);
  }
  return floor;
}

/** The newest glibc version that one of its symbols asks for, such as `2.34`; `0` when none does. */
export function glibcFloor(file: string): string {
  // The names of symbol versions stand in the string table, each between two zero bytes.
  const names = readFileSync(file, 'latin1').matchAll(/\0GLIBC_(\d+\.\d+(?:\.\d+)?)(?=\0)/g);
  return Array.from(names, ([, version = '0']) => version).reduce((floor, version) => (isOlder(floor, version) ? version : floor), '0');
}
