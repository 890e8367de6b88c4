import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointError } from '../../errors/checkpoint-error.js';
import { recordFromJson } from '../../util/json-data.js';
import { disk, isCode } from './disk.js';
import { readManifest } from './manifest.js';
import { checkpointsIn, highestToken, lockFile, locksIn, MANIFEST, TEMPORARY } from './names.js';

/** How a writer elsewhere shows that it lives, in milliseconds; shorter in tests. */
export const PULSE = { beat: 3000, dead: 15_000 };

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  /** When the process began, where the system says that in a way that no clock changes; otherwise empty. */
  readonly start: string;
  /** The machine, since it was booted, and the names of processes on it: where this is the same, so are process ids. */
  readonly place: string;
  readonly nonce: string;
  /** Counts on while it lives. */
  readonly beat: number;
}

/** Locks that this process has let go of and could not remove. */
const released = new Set<string>();

/**
 * A folder's writer. Its token is higher than that of every writer before it, and it writes only while there is no higher one: a process that was
 * taken for dead cannot overwrite what came after it. No wall clock is asked: of a process on this machine the system says whether it lives, and of
 * one elsewhere that its beat goes on, watched by a clock that nobody sets.
 */
export class FolderLock {
  /** Of this writer. */
  readonly token: number;
  readonly #folder: string;
  readonly #holder: Holder;
  #beat = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(folder: string, token: number, holder: Holder) {
    this.#folder = folder;
    this.token = token;
    this.#holder = holder;
    this.#timer = setInterval(() => this.#pulse(), PULSE.beat);
    this.#timer.unref();
  }

  /**
   * @param folder - A folder that is there.
   * @returns Its lock, with the next token.
   * @throws {@link CheckpointError} with the path `checkpoint.folder` while another writer lives; what the system throws where it cannot be written.
   */
  static async acquire(folder: string): Promise<FolderLock> {
    for (;;) {
      const names = await disk.list(folder);
      const [held] = locksIn(names);
      if (held !== undefined) {
        await requireDead(folder, held);
      }
      const token = 1 + Math.max(highestToken(names), await manifestToken(folder, names));
      const holder = { ...here(), nonce: crypto.randomUUID(), beat: 0 };
      const temporary = join(folder, `${TEMPORARY}${holder.nonce}.tmp`);
      try {
        await disk.write(temporary, JSON.stringify(holder));
        await disk.linkNew(temporary, join(folder, lockFile(token)));
      } catch (error) {
        await disk.remove(temporary).catch(() => undefined);
        if (isCode(error, 'EEXIST') || isCode(error, 'ENOENT')) {
          // Another process was faster, or has taken what is being made here for a dead one's.
          continue;
        }
        throw error;
      }
      await removeAll(
        folder,
        names.filter((name) => name.startsWith(TEMPORARY) || locksIn([name]).length > 0),
      );
      return new FolderLock(folder, token, holder);
    }
  }

  /** @returns Whether this is still the folder's writer. */
  async holds(): Promise<boolean> {
    const names = await disk.list(this.#folder);
    return names.includes(lockFile(this.token)) && highestToken(names) === this.token;
  }

  /** Lets go of the folder. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    released.add(this.#holder.nonce);
    await disk.remove(join(this.#folder, lockFile(this.token))).catch(() => undefined);
  }

  #pulse(): void {
    this.#beat += 1;
    const text = JSON.stringify({ ...this.#holder, beat: this.#beat });
    void this.holds()
      .then((holds) => (holds && this.#timer !== undefined ? disk.overwrite(join(this.#folder, lockFile(this.token)), text) : undefined))
      .catch(() => undefined);
  }
}

async function manifestToken(folder: string, names: readonly string[]): Promise<number> {
  // Files say it too; what the list of checkpoints adds is that they may have been removed by hand.
  const bytes = names.includes(MANIFEST) && checkpointsIn(names).length === 0 ? await disk.read(join(folder, MANIFEST)) : undefined;
  return (bytes && readManifest(Buffer.from(bytes).toString('utf8'))?.token) ?? 0;
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => disk.remove(join(folder, name)).catch(() => undefined)));
}

/** Throws unless whoever holds a folder is dead, or has let go of it. */
async function requireDead(folder: string, token: number): Promise<void> {
  const path = join(folder, lockFile(token));
  const first = await readLock(path);
  const holder = parse(first);
  const own = here();
  const sameMachine = holder !== undefined && holder.place === own.place;
  if (first === undefined || (holder !== undefined && (released.has(holder.nonce) || (sameMachine && isDead(holder))))) {
    return;
  }
  if (!(sameMachine && holder.start !== '')) {
    // Process ids say nothing there, or may have been given again.
    const begun = performance.now();
    while (performance.now() - begun < PULSE.dead) {
      await sleep(Math.min(PULSE.beat, PULSE.dead) / 4);
      const now = await readLock(path);
      if (now === undefined) {
        return;
      }
      if (now !== first) {
        throw heldBy(folder, holder);
      }
    }
    return;
  }
  throw heldBy(folder, holder);
}

function heldBy(folder: string, holder: Holder | undefined): CheckpointError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}${holder.place === here().place ? '' : ' elsewhere'}`;
  return new CheckpointError(`is being written by ${who}: ${folder}.`, {
    path: 'checkpoint.folder',
    remedy: 'Wait for that run, or give this one a folder of its own.',
  });
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await disk.read(path)).toString('utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

function parse(text: string | undefined): Holder | undefined {
  const value = recordFromJson(text);
  const whole = Number.isSafeInteger(value?.['pid']) && (value?.['pid'] as number) > 0;
  return whole && ['start', 'place', 'nonce'].every((key) => typeof value?.[key] === 'string') ? (value as unknown as Holder) : undefined;
}

/** Whether a process of this machine is gone. */
function isDead({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'ESRCH');
  }
  return start !== '' && startOf(pid) !== start;
}

function here(): Pick<Holder, 'pid' | 'start' | 'place'> {
  const boot = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const names = readOr(() => readlinkSync('/proc/self/ns/pid'));
  return { pid: process.pid, start: startOf(process.pid), place: `${hostname()} ${boot} ${names}`.trim() };
}

/** Ticks from the boot to the process's begin, on Linux. */
function startOf(pid: number): string {
  // The name of the program, in parentheses, may hold anything.
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
