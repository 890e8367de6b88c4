import type { Split } from '../../task/task.js';

/** Problems in two parts, each in the order in which they came. */
export type Parts<T> = Readonly<Record<Split, readonly T[]>>;

/**
 * Holds out a share of problems. Which ones depends on the set of their texts alone: the texts are put in the order of their hashes, and the
 * first of them are held out, so that the share is exact.
 *
 * @param all - The problems.
 * @param textOf - What a problem is told from the others by.
 * @param share - The share to hold out, 0 to 1; what it comes to is rounded.
 * @returns What is left, and what is held out.
 */
export function holdOut<T>(all: readonly T[], textOf: (problem: T) => string, share: number): Parts<T> {
  const texts = all.map(textOf);
  const hashes = new Map(texts.map((text) => [text, textHash(text)]));
  const ordered = [...hashes.keys()].sort((a, b) => (hashes.get(a) ?? 0) - (hashes.get(b) ?? 0) || (a < b ? -1 : 1));
  const held = new Set(ordered.slice(0, Math.round(share * ordered.length)));
  return {
    train: all.filter((_, index) => !held.has(texts[index] ?? '')),
    test: all.filter((_, index) => held.has(texts[index] ?? '')),
  };
}

/** 32 bits of a text, FNV-1a with the last step of Murmur3: the same everywhere. */
export function textHash(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * @param make - Makes the parts, which takes its time.
 * @returns The same, made when they are first asked for.
 */
export function lazily<T>(make: () => Parts<T>): Parts<T> {
  let made: Parts<T> | undefined;
  const parts = (): Parts<T> => {
    made ??= make();
    return made;
  };
  return {
    get train() {
      return parts().train;
    },
    get test() {
      return parts().test;
    },
  };
}
