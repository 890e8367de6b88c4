import { TaskError } from '../errors/task-error.js';
import { isFloat32Array, isInt32Array, isUint8Array } from '../util/kind.js';
import { show } from '../util/show.js';
import { checkScores, requireShape } from './checked-scores.js';
import { refuseDeferred } from './returned.js';
import type { ProblemBatch, Scores, Task, TaskEpisodes } from './task.js';

/**
 * {@link Task.begin}, with all that it says checked, then and after each step: shapes, ids that are heard, masks that leave something to
 * emit, finite rewards, ends that stay.
 *
 * @param task - The task, closed loop.
 * @param batch - What `checkedSample` returned.
 * @returns Episodes over the task's own arrays.
 * @throws {@link TaskError} for whatever the task throws, with it as `cause`, and for what is no such thing; with the `problemIndex`. So do the
 * methods of what is returned.
 */
export function checkedBegin<Batch extends ProblemBatch>(task: Task<Batch>, batch: Batch): TaskEpisodes {
  let episodes: TaskEpisodes | undefined;
  try {
    episodes = task.begin?.(batch);
    refuseDeferred(episodes, 'task.begin');
  } catch (error) {
    throw TaskError.wrap(error, 'task.begin');
  }
  if (typeof episodes !== 'object' || episodes === null) {
    throw new TaskError(`returned ${show(episodes)}.`, { path: 'task.begin', remedy: 'Return TaskEpisodes, synchronously.' });
  }
  return new CheckedEpisodes(task, batch.size, episodes);
}

class CheckedEpisodes implements TaskEpisodes {
  readonly heard: Int32Array;
  readonly allowed: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly ended: Uint8Array;
  readonly truncated: Uint8Array;
  readonly #task: Pick<Task, 'horizon' | 'vocabulary'>;
  readonly #size: number;
  readonly #episodes: TaskEpisodes;
  /** Rows that had ended before the step just made. */
  readonly #over: Uint8Array;
  #steps = 0;

  constructor(task: Pick<Task, 'horizon' | 'interaction' | 'vocabulary'>, size: number, episodes: TaskEpisodes) {
    const { observationLength = 0, masked = false } = task.interaction ?? {};
    const { heard, allowed, rewards, ended, truncated } = episodes;
    requireArray(isInt32Array(heard), heard, size * observationLength, 'heard', 'an Int32Array');
    requireArray(isFloat32Array(rewards), rewards, size, 'rewards', 'a Float32Array');
    requireArray(isUint8Array(ended), ended, size, 'ended', 'a Uint8Array');
    requireArray(isUint8Array(truncated), truncated, size, 'truncated', 'a Uint8Array');
    if (masked) {
      requireArray(isUint8Array(allowed), allowed, size * task.vocabulary.length, 'allowed', 'a Uint8Array');
    }
    this.heard = heard;
    this.allowed = masked ? allowed : undefined;
    this.rewards = rewards;
    this.ended = ended;
    this.truncated = truncated;
    this.#task = task;
    this.#size = size;
    this.#episodes = episodes;
    this.#over = new Uint8Array(size);
    this.#check();
    const first = ended.findIndex((bit) => bit !== 0);
    if (first >= 0) {
      throw refused('ended', 'is set before the first step.', 'Let a program take at least one step.', first);
    }
  }

  step(actions: Int32Array): void {
    requireShape(actions, this.#size, 'actions', 'one a problem');
    actions.forEach((action, row) => {
      if (this.ended[row] === 0 && !(action >= 0 && action < this.#task.vocabulary.length)) {
        throw new TaskError(`is ${action}.`, {
          path: `actions[${row}]`,
          remedy: `Use token ids from 0 to ${this.#task.vocabulary.length - 1}.`,
        });
      }
    });
    this.#over.set(this.ended);
    try {
      refuseDeferred(this.#episodes.step(actions), 'task.begin.step');
    } catch (error) {
      throw TaskError.wrap(error, 'task.begin.step');
    }
    this.#steps += 1;
    this.#check();
  }

  score(scores: Scores): void {
    checkScores(this.#task, this.#size, scores, 'task.begin.score', () => this.#episodes.score(scores));
  }

  #check(): void {
    const { heard, rewards, ended, truncated } = this;
    const vocabSize = this.#task.vocabulary.length;
    const length = heard.length / Math.max(1, this.#size);
    for (let at = 0; at < heard.length; at += 1) {
      const id = heard[at] ?? -1;
      if (id < 0 || id > vocabSize) {
        const remedy = `Use token ids from 0 to ${vocabSize - 1}, or ${vocabSize} for nothing.`;
        throw refused('heard', `has the token ${id} at place ${at % length}.`, remedy, Math.floor(at / length));
      }
    }
    for (let row = 0; row < this.#size; row += 1) {
      const over = ended[row] ?? 2;
      if (over > 1 || (this.#over[row] === 1 && over === 0)) {
        throw refused('ended', `is ${over}.`, 'Write 0 or 1, and leave 1 as it is.', row);
      }
      if ((truncated[row] ?? 2) > over) {
        throw refused('truncated', `is ${truncated[row]} where ended is ${over}.`, 'Write 1 only where a program is over.', row);
      }
      if (over === 0 && this.#steps >= this.#task.horizon) {
        throw refused('ended', 'is 0 after the last step of the horizon.', 'Write 1 there.', row);
      }
      const reward = rewards[row] ?? Number.NaN;
      if (!Number.isFinite(reward)) {
        throw refused('rewards', `is ${reward}.`, 'Give every step a finite reward that fits 32 bits.', row);
      }
      if (this.#over[row] === 1 && reward !== 0) {
        throw refused('rewards', `is ${reward} after the end.`, 'Write 0 there.', row);
      }
      this.#checkAllowed(row);
    }
  }

  #checkAllowed(row: number): void {
    const { allowed } = this;
    if (allowed === undefined) {
      return;
    }
    const vocabSize = this.#task.vocabulary.length;
    let some = 0;
    for (let at = row * vocabSize; at < (row + 1) * vocabSize; at += 1) {
      const bit = allowed[at] ?? 2;
      if (bit > 1) {
        throw refused('allowed', `is ${bit} at token ${at % vocabSize}.`, 'Write 0 or 1.', row);
      }
      some += bit;
    }
    if (some === 0) {
      throw refused('allowed', 'forbids every token.', 'Allow at least one, or end the program; allow all after an end.', row);
    }
  }
}

function refused(part: string, reason: string, remedy: string, problemIndex: number): TaskError {
  return new TaskError(reason, { path: `task.begin.${part}`, remedy, problemIndex });
}

function requireArray(holds: boolean, array: { readonly length: number } | undefined, length: number, part: string, what: string): void {
  if (!holds || array === undefined) {
    throw new TaskError(`is ${show(array)}.`, { path: `task.begin.${part}`, remedy: `Give ${what} of ${length} numbers.` });
  }
  requireShape(array, length, `task.begin.${part}`, what);
}
