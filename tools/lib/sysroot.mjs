// An old GNU C library to link with, so that what is published loads on systems older than the one that builds. Only its libraries are used;
// compiler and linker are the system's. See docs/decisions/0012.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installLocked } from './locked.mjs';
import { must, ROOT } from './process.mjs';

/** The target that there is one for. */
const TARGET = 'x86_64-unknown-linux-gnu';

/**
 * Makes it ready, if that has not been done.
 *
 * @param {string} target - Target triple.
 * @returns {Promise<readonly string[]>} Flags of rustc; none where the system's own library is linked with.
 */
export async function sysrootFlags(target) {
  if (target !== TARGET) {
    return [];
  }
  const modules = await installLocked('sysroot', 'an old C library to link with, about 50 MB');
  const folder = join(ROOT, 'build/sysroot/unpacked');
  const stamp = join(folder, '.complete');
  if (!existsSync(stamp)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const packed = join(modules, '@napi-rs/cross-toolchain-x64-target-x86_64', `${TARGET}.tar.xz`);
    await must('Unpacking the C library with tar and xz', 'tar', ['-xJf', packed, '-C', folder, `./${TARGET}/sysroot`]);
    writeFileSync(stamp, '');
  }
  const sysroot = join(folder, TARGET, 'sysroot');
  // Before the system's own folders, which the C compiler names even with a sysroot.
  return [`-Clink-arg=--sysroot=${sysroot}`, `-Clink-arg=-L${join(sysroot, 'usr/lib')}`, `-Clink-arg=-L${join(sysroot, 'lib')}`];
}
