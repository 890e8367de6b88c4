// The oldest GNU C library that an addon loads with. Read from the file itself: no binutils needed.
import { readFileSync } from 'node:fs';
import { isOlder } from './toolchain.mjs';

/** What README and the platform packages promise; an addon that asks for more fails the package's test. */
export const GLIBC_FLOOR = '2.34';

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
