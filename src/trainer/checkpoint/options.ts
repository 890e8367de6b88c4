import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Issues } from '../../util/issues.js';
import { isRecord } from '../../util/kind.js';
import { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';

/** Where and when a run is kept, so that it can be resumed; see {@link Trainer.resume}. */
export interface CheckpointOptions {
  /** The run's own folder, as a string or a `file:` URL; made where it is missing. One run writes into it at a time. */
  readonly folder: string | URL;
  /**
   * Iterations from one checkpoint to the next, at least 1. There is one more at the end of the run, and when it is stopped or aborted.
   *
   * @defaultValue 100
   */
  readonly every?: number | undefined;
  /**
   * Checkpoints that stay, the newest ones, at least 1; `Infinity`: all.
   *
   * @defaultValue 3
   */
  readonly keepLast?: number | undefined;
  /**
   * Keeps the best one beside these: of the last stage of the run that has any, the one with the highest success, or return, as that was last
   * measured greedily; as it was sampled, where the stage was not measured.
   *
   * @defaultValue none
   */
  readonly keepBest?: 'success_rate' | 'mean_return' | undefined;
}

/** {@link CheckpointOptions}, checked and filled in. */
export interface CheckpointConfig {
  /** An absolute path. */
  readonly folder: string;
  readonly every: number;
  readonly keepLast: number;
  readonly keepBest: 'success_rate' | 'mean_return' | undefined;
}

/**
 * @param reader - Over what the caller passed to a trainer.
 * @returns How its runs are kept; undefined where they are not. Meaningful only when no issue was added.
 */
export function readCheckpoint(reader: OptionReader): CheckpointConfig | undefined {
  const given = reader.raw('checkpoint');
  if (given === undefined) {
    return undefined;
  }
  if (!isRecord(given)) {
    reader.issues.add('checkpoint', `must be { folder }, got ${show(given)}.`, "Pass such as { folder: 'runs/a', every: 100 }.");
    return undefined;
  }
  const own = new OptionReader(given, reader.issues.at('checkpoint'));
  const config = {
    folder: readFolder(own.raw('folder'), own.issues),
    every: own.number('every', 100, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    keepLast:
      own.raw('keepLast') === Infinity ? Infinity : own.number('keepLast', 3, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    keepBest: own.has('keepBest') ? own.choice('keepBest', 'success_rate', ['success_rate', 'mean_return']) : undefined,
  };
  own.finish();
  return config;
}

function readFolder(folder: unknown, issues: Issues): string {
  const remedy = "Pass the path of a folder as a string, or a file: URL, such as 'runs/a'.";
  const href = isRecord(folder) ? folder['href'] : undefined;
  try {
    const text = typeof href === 'string' ? fileURLToPath(href) : folder;
    if (typeof text === 'string' && text !== '' && !text.includes('\0')) {
      return resolve(text);
    }
  } catch {
    // No URL of a file, or a working folder that is gone.
  }
  issues.add('folder', `must be a folder's path, got ${show(folder)}.`, remedy);
  return '';
}

/** Where a run goes on. */
export interface ResumePoint {
  /** Path of the checkpoint. */
  readonly file: string;
  /** Iterations that the run had done by then. */
  readonly iteration: number;
  /** Events that it had emitted by then: a log of the run is cut back to so many. */
  readonly events: number;
}
