import { type FileHandle, link, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { showThrown } from '../../util/show.js';

/** What is done with files; a test puts others in their place, to see what happens when a disk is full. */
export interface Disk {
  /** @param folder - Made with all above it, where it is missing. */
  makeFolder(folder: string): Promise<void>;
  /** @param folder - A folder. @returns Names of what is in it. */
  list(folder: string): Promise<string[]>;
  /** @param path - A file. @returns Its bytes. */
  read(path: string): Promise<Uint8Array>;
  /** @param path - A file that is not there. @param bytes - Written, and made to last, before it resolves. */
  write(path: string, bytes: Uint8Array | string): Promise<void>;
  /** @param path - A file that is there, and is written where it stands: nobody sees it cut. @param text - Its new content, no shorter than before. */
  overwrite(path: string, text: string): Promise<void>;
  /** @param from - A file. @param to - Its name from now on; rejects with `EEXIST` where that is there. */
  linkNew(from: string, to: string): Promise<void>;
  /** @param from - A file. @param to - Its name from now on, in place of what has that name. */
  rename(from: string, to: string): Promise<void>;
  /** @param path - A file that is removed. */
  remove(path: string): Promise<void>;
  /** @param folder - Whose entries are made to last, as far as the system can do that. */
  syncFolder(folder: string): Promise<void>;
}

async function withFile<T>(handle: FileHandle, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

/** The files of this machine. */
export const disk: Disk = {
  makeFolder: async (folder) => {
    await mkdir(folder, { recursive: true });
  },
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  write: async (path, bytes) =>
    withFile(await open(path, 'wx'), async (handle) => {
      await handle.writeFile(bytes);
      await handle.sync();
    }),
  overwrite: async (path, text) => withFile(await open(path, 'r+'), (handle) => handle.writeFile(text)),
  linkNew: async (from, to) => {
    try {
      await link(from, to);
      await unlink(from);
    } catch (error) {
      if (isCode(error, 'EEXIST')) {
        await unlink(from);
        throw error;
      }
      // A file system without hard links: what is made there is never seen half made, but for a crash in between.
      const bytes = await readFile(from);
      await withFile(await open(to, 'wx'), (handle) => handle.writeFile(bytes));
      await unlink(from);
    }
  },
  rename,
  remove: unlink,
  syncFolder: async (folder) => {
    if (process.platform !== 'win32') {
      await withFile(await open(folder, 'r'), (handle) => handle.sync()).catch(() => undefined);
    }
  },
};

/** @param error - What was thrown. @param code - Such as `ENOENT`. @returns Whether it is that one of the system's errors. */
export function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** @param error - What was thrown. @returns What it says. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : showThrown(error);
}
