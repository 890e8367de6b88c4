import { join } from 'node:path';
import { disk } from './disk.js';
import { FolderLock } from './folder-lock.js';
import { type CheckpointEntry, type CheckpointMetrics, readManifest, writeManifest } from './manifest.js';
import { type CheckpointName, checkpointFile, checkpointsIn, MANIFEST, TEMPORARY } from './names.js';
import type { CheckpointConfig } from './options.js';

/** What is written of a checkpoint beside its bytes. */
export type CheckpointFacts = Pick<CheckpointEntry, 'iteration' | 'index' | 'stage' | 'metrics'>;

/** That another process has become the folder's writer. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  readonly #brand = true;

  constructor() {
    super('another process writes into the folder now');
  }

  /** @param error - What was thrown. @returns Whether it is this. */
  static isInstance(error: unknown): error is Fenced {
    return typeof error === 'object' && error !== null && #brand in error;
  }
}

/** Writes the checkpoints of one run into its folder. */
export class CheckpointFolder {
  readonly #config: CheckpointConfig;
  readonly #lock: FolderLock;
  /** Token of whoever wrote the last checkpoint before; 0: there was none. */
  readonly last: number;
  /** The oldest first. */
  #entries: readonly CheckpointEntry[];
  #number: number;

  private constructor(config: CheckpointConfig, lock: FolderLock, entries: readonly CheckpointEntry[], there: readonly CheckpointName[]) {
    this.#config = config;
    this.last = there[0]?.token ?? 0;
    this.#lock = lock;
    this.#entries = entries;
    this.#number = Math.max(0, ...there.map(({ number }) => number));
  }

  /**
   * @param config - Where.
   * @param damaged - Names of files that are no good: they are left where they are, and not counted.
   * @returns The folder, whose one writer this is.
   * @throws As {@link FolderLock.acquire}.
   */
  static async acquire(config: CheckpointConfig, damaged: readonly string[]): Promise<CheckpointFolder> {
    await disk.makeFolder(config.folder);
    const lock = await FolderLock.acquire(config.folder);
    try {
      const names = await disk.list(config.folder);
      const there = checkpointsIn(names);
      const listed = await readListed(config.folder);
      const entries = there
        .filter(({ file }) => !damaged.includes(file))
        .map(({ file, number, token, hash }) => listed.get(file) ?? { file, number, token, sha256: hash, ...UNKNOWN })
        .reverse();
      return new CheckpointFolder(config, lock, entries, there);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Writes a checkpoint, whole or not at all, and removes those that need not stay.
   *
   * @param bytes - The file's.
   * @param facts - What the list says of it.
   * @returns Its path.
   * @throws {@link Fenced} when another process has taken the folder over; what the system throws.
   */
  async write(bytes: Uint8Array, facts: CheckpointFacts): Promise<string> {
    const { folder } = this.#config;
    const { token } = this.#lock;
    const sha256 = await sha256Of(bytes);
    const number = this.#number + 1;
    const file = checkpointFile(number, token, sha256.slice(0, 16));
    await this.#replace(file, bytes);
    this.#number = number;
    this.#entries = [...this.#entries, { file, number, token, sha256, bytes: bytes.length, ...facts }];
    await this.#list();
    return join(folder, file);
  }

  /**
   * Says in the list how the checkpoint written last has done since.
   *
   * @param metrics - What was measured.
   */
  async remark(metrics: CheckpointMetrics): Promise<void> {
    const last = this.#entries.at(-1);
    if (last !== undefined) {
      this.#entries = [...this.#entries.slice(0, -1), { ...last, metrics }];
      await this.#list();
    }
  }

  /** Lets go of the folder. */
  release(): Promise<void> {
    return this.#lock.release();
  }

  /** Writes the list without those that go, and then removes these: a list never names what is not there. */
  async #list(): Promise<void> {
    const stays = this.#staying();
    const gone = this.#entries.filter((entry) => !stays.has(entry));
    const kept = this.#entries.filter((entry) => stays.has(entry));
    await this.#replace(MANIFEST, writeManifest({ version: 1, token: this.#lock.token, checkpoints: kept }));
    this.#entries = kept;
    for (const { file } of gone) {
      await disk.remove(join(this.#config.folder, file)).catch(() => undefined);
    }
  }

  #staying(): ReadonlySet<CheckpointEntry> {
    const { keepLast, keepBest } = this.#config;
    const stays = new Set(this.#entries.slice(-keepLast));
    const scored = keepBest === undefined ? [] : this.#entries.filter(({ metrics }) => metrics[keepBest] !== null);
    const best = scored.reduce<CheckpointEntry | undefined>((found, entry) => {
      const of = (each: CheckpointEntry): number => each.metrics[keepBest ?? 'success_rate'] ?? -Infinity;
      return found === undefined || entry.index > found.index || (entry.index === found.index && of(entry) >= of(found)) ? entry : found;
    }, undefined);
    return best === undefined ? stays : stays.add(best);
  }

  /** Beside its place first, made to last, and then put there, if this is still the writer. */
  async #replace(name: string, bytes: Uint8Array | string): Promise<void> {
    const { folder } = this.#config;
    const temporary = join(folder, `${TEMPORARY}${crypto.randomUUID()}.tmp`);
    try {
      await disk.write(temporary, bytes);
      if (!(await this.#lock.holds())) {
        throw new Fenced();
      }
      await disk.rename(temporary, join(folder, name));
    } catch (error) {
      await disk.remove(temporary).catch(() => undefined);
      throw error;
    }
    await disk.syncFolder(folder);
  }
}

const UNKNOWN = { bytes: 0, iteration: 0, index: 0, stage: '', metrics: { success_rate: null, mean_return: null } };

/** @param bytes - Anything. @returns Its SHA-256 in hexadecimal digits, computed off this thread. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
}

async function readListed(folder: string): Promise<ReadonlyMap<string, CheckpointEntry>> {
  const bytes = await disk.read(join(folder, MANIFEST)).catch(() => undefined);
  const manifest = bytes && readManifest(Buffer.from(bytes).toString('utf8'));
  return new Map(manifest?.checkpoints.map((entry) => [entry.file, entry]));
}
