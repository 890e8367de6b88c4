import { CheckpointError } from '../../errors/checkpoint-error.js';
import type { TrainingKind } from '../../metrics/events.js';
import { readData, writeData } from '../../util/data-text.js';
import { isRecord } from '../../util/kind.js';
import type { RunProgress } from '../loop/run-state.js';

/** What does not change during a run. */
export interface RunSetup {
  readonly kind: TrainingKind;
  /** What the run is on, to be compared. */
  readonly madeFor: Readonly<Record<string, unknown>>;
  /** The options, read and filled in, to be compared. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The options as they were given, but for what is no data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What is trained when, as it was given. */
  readonly stages: unknown;
}

/** What is said of every run under way. */
export interface KeptState {
  readonly progress: RunProgress;
  /** Events of the run so far. */
  readonly events: number;
}

/**
 * All that decides what a trainer does next, but its agent; plain data. It is the section `trainer` of a checkpoint.
 *
 * @typeParam Course - Streams, and what goes on from run to run.
 * @typeParam Run - How the run under way goes on.
 */
export interface TrainerState<Course = unknown, Run extends KeptState = KeptState> {
  readonly version: 1;
  readonly setup: RunSetup;
  readonly course: Course;
  readonly run: Run;
}

/**
 * @param setup - Written once a run.
 * @returns What writes the rest of a state behind it.
 */
export function stateWriter(setup: RunSetup): (rest: Omit<TrainerState, 'version' | 'setup'>) => string {
  const text = writeData(setup);
  return ({ course, run }) => `{"version":1,"setup":${text},"course":${writeData(course)},"run":${writeData(run)}}`;
}

/**
 * @param text - The section of a checkpoint; undefined where it has none.
 * @param file - For messages.
 * @returns The state, its parts not looked into.
 * @throws {@link CheckpointError} where it is none.
 */
export function readTrainerState(text: string | undefined, file: string): TrainerState {
  if (text === undefined) {
    throw new CheckpointError(`holds an agent and no run that could be resumed (${file}).`, {
      path: 'path',
      remedy: 'Pass a checkpoint of Trainer.create({ checkpoint }); this one can be loaded, with Agent.load, and trained further.',
    });
  }
  const value = undamaged(file, () => readData(text));
  if (isRecord(value) && value['version'] !== 1) {
    throw new CheckpointError(`holds a run of a newer release (${file}).`, { path: 'path', remedy: 'Resume it with that release.' });
  }
  const setup = isRecord(value) ? value['setup'] : undefined;
  const whole =
    isRecord(value) &&
    isRecord(setup) &&
    (setup['kind'] === 'task' || setup['kind'] === 'environment') &&
    ['madeFor', 'settings', 'options'].every((key) => isRecord(setup[key])) &&
    isRecord(value['course']) &&
    isRecord(value['run']) &&
    Number.isSafeInteger(value['run']['events']);
  if (!whole) {
    throw damaged(file, undefined);
  }
  return value as unknown as TrainerState;
}

/**
 * @param file - For messages.
 * @param work - Reads or restores what a checkpoint says of a run.
 * @returns What that returns.
 * @throws {@link CheckpointError} for whatever it throws that is no error of this package's.
 */
export function undamaged<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw CheckpointError.isInstance(error) && error.code !== 'ERR_INPUT' && error.code !== 'ERR_OPTIONS' ? error : damaged(file, error);
  }
}

function damaged(file: string, cause: unknown): CheckpointError {
  const remedy = 'Pass another checkpoint of the run.';
  return new CheckpointError(`what it says of the run is damaged (${file}).`, {
    path: 'path',
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}
