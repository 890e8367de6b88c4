import type { RunPlan } from '../../curriculum/curriculum.js';
import { readCurriculumState } from '../../curriculum/state.js';
import { OptionsError } from '../../errors/options-error.js';
import type { TrainingKind } from '../../metrics/events.js';
import { Issues } from '../../util/issues.js';
import type { Course } from '../course.js';
import { RunKeeper } from './keeper.js';
import type { InterruptedRun } from './resume.js';
import { type KeptState, stateWriter } from './trainer-state.js';

/** The runs of a trainer, as far as they are kept. */
export class Keeping<Kind extends TrainingKind> {
  readonly #course: Course<Kind>;
  /** Options as they were given, as far as they are data. */
  readonly #options: Readonly<Record<string, unknown>>;
  /** Of the last writer of the folder that the trainer knows of: what later ones have written, it does not go on from. */
  #token: number;

  /**
   * @param course - What is trained on.
   * @param options - Options as they were given, as far as they are data.
   * @param token - Of the last writer of the folder that the trainer knows of; 0: of none.
   */
  constructor(course: Course<Kind>, options: Readonly<Record<string, unknown>>, token: number) {
    this.#course = course;
    this.#options = options;
    this.#token = token;
  }

  /**
   * @param stages - What a run trains when, as it was given.
   * @param interrupted - The run that goes on, if one does.
   * @returns What keeps it; undefined where runs are not kept.
   */
  async open(stages: unknown, interrupted: InterruptedRun | undefined): Promise<RunKeeper | undefined> {
    const course = this.#course;
    const { checkpoint, metadata } = course.keeping;
    if (checkpoint === undefined) {
      return undefined;
    }
    const kind = course.task === undefined ? 'environment' : 'task';
    const write = stateWriter({ kind, ...course.described, options: this.#options, stages });
    const context = {
      config: checkpoint,
      agent: course.agent,
      metadata: metadata ?? course.agent.metadata,
      damaged: interrupted?.damaged ?? [],
      write: (run: unknown) => write({ course: course.getState(), run: run as KeptState }),
    };
    const keeper = await RunKeeper.open(context, interrupted?.state.run.progress.iterations ?? 0, this.#token);
    // From now on what is there is this trainer's.
    this.#token = Infinity;
    return keeper;
  }
}

/**
 * Refuses a place that is none of the stages'.
 *
 * @param run - How a run goes on.
 * @param plan - Its stages.
 * @returns The same.
 * @throws {@link OptionsError} for a place that is none.
 */
export function checkedRun(run: KeptState, plan: RunPlan): KeptState {
  const issues = new Issues();
  const place = readCurriculumState(run.progress.place, plan, issues);
  issues.throwIfAny(OptionsError);
  return { ...run, progress: { ...run.progress, place } };
}
