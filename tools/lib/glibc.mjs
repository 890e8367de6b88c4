// The oldest GNU C library that an addon loads with. Read from the file itself: no binutils needed.
import { readFileSync } from 'node:fs';
import { ToolError } from './process.mjs';
import { isOlder } from './toolchain.mjs';

/**
 * The glibc that README and the platform packages promise to be enough, by platform; other platforms have none. On x64 addons are linked with
 * an old library (tools/build.mjs); on arm64 it is that of the system that builds.
 *
 * @type {Readonly<Record<string, string | undefined>>}
 */
export const PROMISED_GLIBC = { 'linux-x64-gnu': '2.17', 'linux-arm64-gnu': '2.34' };

/**
 * Stops unless an addon loads with the glibc that is promised.
 *
 * @param {string} file - The addon.
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @returns {string} What it asks for.
 */
export function checkGlibc(file, platform) {
  const promised = PROMISED_GLIBC[platform];
  const floor = promised === undefined ? '0' : glibcFloor(file);
  if (promised !== undefined && isOlder(promised, floor)) {
    throw new ToolError(`${file} needs glibc ${floor}, and README and tools/lib/glibc.mjs promise ${promised}: link it with an older one.`);
  }
  return floor;
}

/**
 * @param {string} file - An ELF library.
 * @returns {string} The newest glibc version that one of its symbols asks for, such as `2.34`; `0` when none does.
 */
export function glibcFloor(file) {
  // The names of symbol versions stand in the string table, each between two zero bytes.
  const names = readFileSync(file, 'latin1').matchAll(/\0GLIBC_(\d+\.\d+(?:\.\d+)?)(?=\0)/g);
  return Array.from(names, ([, version = '0']) => version).reduce((floor, version) => (isOlder(floor, version) ? version : floor), '0');
}
