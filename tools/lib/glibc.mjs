// The oldest GNU C library that an addon loads with. Read from the file itself: no binutils needed.
import { readFileSync } from 'node:fs';
import { ToolError } from './process.mjs';
import { isOlder } from './toolchain.mjs';

/**
 * What README and the platform packages promise, by platform. On x64 addons are linked with an old library (sysroot.mjs); on arm64 it is that
 * of the system that builds.
 *
 * @type {Readonly<Record<string, string | undefined>>}
 */
const PROMISED = { 'linux-x64-gnu': '2.17', 'linux-arm64-gnu': '2.34' };

/**
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @returns {string | undefined} The glibc that is promised to be enough; nothing for a platform without glibc.
 */
export function promisedGlibc(platform) {
  return PROMISED[platform];
}

/**
 * Stops unless an addon loads with the glibc that is promised.
 *
 * @param {string} file - The addon.
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @returns {string} What it asks for.
 */
export function checkGlibc(file, platform) {
  const promised = promisedGlibc(platform);
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
  let floor = '0';
  for (const [, version = '0'] of names) {
    floor = isOlder(floor, version) ? version : floor;
  }
  return floor;
}
