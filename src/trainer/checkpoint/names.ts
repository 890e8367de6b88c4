/** A checkpoint, as its file's name says it. */
export interface CheckpointName {
  readonly file: string;
  /** Counts the checkpoints of a folder. */
  readonly number: number;
  /** Of the writer: who came later has a higher one. */
  readonly token: number;
  /** The first sixteen hexadecimal digits of the SHA-256 of its bytes. */
  readonly hash: string;
}

const CHECKPOINT = /^checkpoint-(\d{6,12})-w(\d{1,12})-([0-9a-f]{16})\.safetensors$/;
const LOCK = /^lock-(\d{1,12})\.json$/;

/** Name of the list of a folder's checkpoints. */
export const MANIFEST = 'manifest.json';

/** What names of files begin with that are being written. */
export const TEMPORARY = '.checkpoint-';

/** @param number - See {@link CheckpointName}. @param token - The same. @param hash - The same. @returns The file's name. */
export function checkpointFile(number: number, token: number, hash: string): string {
  return `checkpoint-${String(number).padStart(6, '0')}-w${token}-${hash}.safetensors`;
}

/** @param token - A writer's. @returns The name of its lock. */
export function lockFile(token: number): string {
  return `lock-${token}.json`;
}

/**
 * @param names - What is in a folder.
 * @returns The checkpoints among it, the newest first: no clock is asked, a later writer has a higher token, and counts on.
 */
export function checkpointsIn(names: readonly string[]): CheckpointName[] {
  return names
    .flatMap((file) => {
      const [, number, token, hash] = CHECKPOINT.exec(file) ?? [];
      return hash === undefined ? [] : [{ file, number: Number(number), token: Number(token), hash }];
    })
    .sort((a, b) => b.token - a.token || b.number - a.number);
}

/** @param names - What is in a folder. @returns Tokens of the locks in it, the highest first. */
export function locksIn(names: readonly string[]): number[] {
  return names
    .flatMap((name) => {
      const token = LOCK.exec(name)?.[1];
      return token === undefined ? [] : [Number(token)];
    })
    .sort((a, b) => b - a);
}

/** @param names - What is in a folder. @returns The highest token that a writer of it has had; 0 where there was none. */
export function highestToken(names: readonly string[]): number {
  return Math.max(0, ...locksIn(names), ...checkpointsIn(names).map(({ token }) => token));
}
