import type { Agent } from '../agent/agent.js';
import { type CurriculumState, readCurriculumState } from '../curriculum/state.js';
import { BusyError } from '../errors/busy-error.js';
import { ClosedError } from '../errors/closed-error.js';
import { OptionsError } from '../errors/options-error.js';
import type { TrainingEvent, TrainingKind } from '../metrics/events.js';
import { createProgress } from '../metrics/progress.js';
import { Issues } from '../util/issues.js';
import { OptionReader } from '../util/option-reader.js';
import type { RunKeeper } from './checkpoint/keeper.js';
import { checkedRun, Keeping } from './checkpoint/keeping.js';
import type { ResumePoint } from './checkpoint/options.js';
import { type InterruptedRun, readInterrupted } from './checkpoint/resume.js';
import { savedOptions } from './checkpoint/saved-options.js';
import { undamaged } from './checkpoint/trainer-state.js';
import type { Course, CourseRun, RunStages, TrainerOptions, TrainingKinds } from './course.js';
import type { ImitateOptions, ImitationResult } from './imitate/imitation.js';
import { TaskCourse } from './loop/task-course.js';
import type { DiagnoseOptions, Diagnosis } from './measure/diagnosis.js';
import type { Explanation } from './measure/explain.js';
import type { EventPipe } from './run/event-pipe.js';
import { hasPartialResult, type TrainingResult, withPartialResult } from './run/result.js';
import { TrainingRun } from './run/training-run.js';
import type { RunSeedsOptions } from './seeds/options.js';
import type { SeedsResult } from './seeds/result.js';
import { runSeeds } from './seeds/run-seeds.js';
import { serveJob } from './seeds/worker.js';
import { EnvironmentCourse } from './steps/environment-course.js';

/** Options of one run. */
export interface RunOptions {
  /**
   * Stops the run at the next iteration, or within a rollout of environments: it rejects with {@link AbortedError}, whose `partial` has what
   * was trained.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where in its stages the run begins: what {@link Trainer.curriculum} was in another run of the same stages.
   *
   * @defaultValue at the begin
   */
  readonly resume?: CurriculumState | undefined;
}

/**
 * Trains an agent on a task or in environments, stage by stage, in this process. The network runs in the native addon; problems and scores are
 * the task's TypeScript, steps and rewards the environments'.
 *
 * @typeParam Kind - What is trained on.
 *
 * @example
 * ```ts
 * const { stages, agent } = await Trainer.run([0, 1, 2], { seed: 1 });
 * ```
 *
 * @example In environments
 * ```ts
 * const trainer = await Trainer.create({ environment: () => new Lift(), seed: 1 });
 * await trainer.run([{ stage: 0, steps: 500_000 }, { stage: 1, until: { meanReturn: 0.9 } }]);
 * ```
 */
export class Trainer<Kind extends TrainingKind = 'task'> {
  readonly #course: Course<Kind>;
  #active: { readonly pipe: Pick<EventPipe, 'stop'>; readonly ended: Promise<void> } | undefined;
  #closing: Promise<void> | undefined;
  #run: Pick<CourseRun<Kind>, 'curriculum'> | undefined;
  readonly #keeping: Keeping<Kind>;
  /** The run that was interrupted, until a run begins. */
  #interrupted: InterruptedRun | undefined;

  private constructor(course: Course<Kind>, options: Readonly<Record<string, unknown>>, interrupted?: InterruptedRun) {
    this.#course = course;
    this.#keeping = new Keeping(course, options, interrupted?.token ?? 0);
    this.#interrupted = interrupted;
  }

  /**
   * Makes a trainer for environments and trains once. The result's `agent` is the caller's to use and close; the environments are closed at the end.
   *
   * The run rejects as that of a task does.
   *
   * @param stages - Stages in order, see {@link StepStageSpec}; or a {@link StepCurriculum}.
   * @param options - The environments, and how to train in them; see {@link EnvironmentTrainerOptions}.
   * @returns The run: await it, or iterate over its events.
   */
  static run(stages: RunStages<'environment'>, options: TrainerOptions<'environment'>): TrainingRun<'environment'>;
  /**
   * Makes a trainer and trains once; the short way. The result's `agent` is the caller's to use and close.
   *
   * The run rejects with what {@link Trainer.create} throws, {@link OptionsError} for wrong stages among it, and with what the run of
   * {@link Trainer.run} rejects with. An error without `partial` left no agent behind.
   *
   * @param stages - Stages in order, see {@link StageSpec}; or a {@link Curriculum}.
   * @param options - All optional; see {@link TaskTrainerOptions}.
   * @returns The run: await it, or iterate over its events.
   */
  static run(stages: RunStages<'task'>, options?: TrainerOptions): TrainingRun;
  static run(stages: unknown, options: unknown = {}): TrainingRun | TrainingRun<'environment'> {
    return Trainer.#isEnvironment(options)
      ? new TrainingRun<'environment'>((pipe) => Trainer.#once<'environment'>(stages, options, pipe))
      : new TrainingRun<'task'>((pipe) => Trainer.#once<'task'>(stages, options, pipe));
  }

  /**
   * Makes environments, a trainer for them, and an agent unless one is passed.
   *
   * @param options - The environments, and how to train in them; see {@link EnvironmentTrainerOptions}.
   * @returns The trainer.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link EnvironmentError} when an environment cannot be made; those that were made are closed.
   * @throws {@link DeviceError} when the device cannot be used.
   * @throws {@link NativeLoadError} when there is no addon.
   * @throws {@link ClosedError} when the agent that was passed is closed.
   */
  static create(options: TrainerOptions<'environment'>): Promise<Trainer<'environment'>>;
  /**
   * Makes a trainer, and an agent unless one is passed.
   *
   * @param options - All optional; see {@link TaskTrainerOptions}.
   * @returns The trainer.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link DeviceError} when the device cannot be used.
   * @throws {@link TaskError} when the task is not one.
   * @throws {@link NativeLoadError} when there is no addon.
   * @throws {@link ClosedError} when the agent that was passed is closed.
   */
  static create(options?: TrainerOptions): Promise<Trainer>;
  static create(options: unknown = {}): Promise<Trainer | Trainer<'environment'>> {
    return Trainer.#isEnvironment(options) ? Trainer.#make<'environment'>(options, undefined) : Trainer.#make<'task'>(options, undefined);
  }

  /**
   * Makes a trainer of a checkpoint in environments; see the form for a task.
   *
   * @param path - The run's folder, or a file of it.
   * @param options - The environments, and what is to be otherwise; see {@link EnvironmentTrainerOptions}.
   * @returns The trainer.
   */
  static resume(path: string | URL, options: TrainerOptions<'environment'>): Promise<Trainer<'environment'>>;
  /**
   * Makes a trainer of a checkpoint that a run with `checkpoint` has written: of the newest good one of its folder, or of the file that is named.
   * {@link Trainer.run} without stages then goes on, bit for bit as the run would have gone on, to its end, and writes into the same folder.
   *
   * Options are those that the run was made with; what is no data, task, environment, `progress`, `signal`, is given again. Options that decide what
   * is learned may be given again too, and must then be the same.
   *
   * @param path - The run's folder, or a file of it, as a string or a `file:` URL.
   * @param options - The task, and what is to be otherwise: device, engine and threads, `progress`, `signal`, `checkpoint`, `metadata`.
   * @returns The trainer; its agent is its own.
   * @throws {@link CheckpointError} where there is no good checkpoint, where it has no run in it, and where task or options are not those of
   * the run: `path` is the first that differs, such as `task.vocabulary[3]` or `batchSize`.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   *
   * @example
   * ```ts no-run
   * const trainer = await Trainer.resume('runs/a', { task });
   * const { stages } = await trainer.run();
   * ```
   */
  static resume(path: string | URL, options?: TrainerOptions): Promise<Trainer>;
  static async resume(path: unknown, options: unknown = {}): Promise<Trainer | Trainer<'environment'>> {
    const interrupted = await readInterrupted(path, options, async (merged) => {
      const reader = new OptionReader(merged);
      const course: Promise<Course<'environment'> | Course<'task'>> = reader.has('environment')
        ? EnvironmentCourse.make(merged, reader, undefined, true)
        : TaskCourse.make(reader, undefined, true);
      return (await course) as unknown as Course<TrainingKind>;
    });
    return new Trainer(interrupted.course as unknown as Course<'task'>, interrupted.state.setup.options, interrupted);
  }

  /**
   * Trains once for each of several seeds in environments; see the form for a task.
   *
   * @param stages - Stages in order, see {@link StepStageSpec}; or a {@link StepCurriculum}.
   * @param options - Seeds, and what each run takes; see {@link SeedsOptions} and {@link EnvironmentTrainerOptions}.
   * @returns Results by seed, and what they come to.
   */
  static runSeeds(stages: RunStages<'environment'>, options: RunSeedsOptions<'environment'>): Promise<SeedsResult<'environment'>>;
  /**
   * Trains once for each of several seeds, some at a time, and says what they come to: IQM, confidence intervals, a performance profile. Each run
   * is that of {@link Trainer.run} with that seed, to the bit, whatever the number of workers.
   *
   * A seed that fails is among `failures`, and the others are kept. What rejects is an {@link OptionsError}, which is every seed's; the error of
   * the first seed where all failed; what `progress` throws; and {@link AbortedError}, whose `partial` has the runs that were finished
   * ({@link PartialSeeds}).
   *
   * @param stages - Stages in order, see {@link StageSpec}; or a {@link Curriculum}.
   * @param options - Seeds, and what each run takes; see {@link SeedsOptions} and {@link TaskTrainerOptions}.
   * @returns Results by seed, and what they come to.
   *
   * @example
   * ```ts
   * const { iqm, runs } = await Trainer.runSeeds([0, 1, 2], { seeds: 10, task });
   * ```
   */
  static runSeeds(stages: RunStages<'task'>, options?: RunSeedsOptions): Promise<SeedsResult>;
  static async runSeeds(stages: unknown, options: unknown = {}): Promise<SeedsResult<TrainingKind>> {
    return runSeeds(stages, options, { train: trainOnce, entry: import.meta.url });
  }

  static #isEnvironment(options: unknown): boolean {
    return new OptionReader(options).has('environment');
  }

  /** With `stages`, what is wrong with them is said together with what is wrong with the options, as far as that is possible. */
  static async #make<K extends TrainingKind>(options: unknown, stages: unknown): Promise<Trainer<K>> {
    const reader = new OptionReader(options);
    const course = reader.has('environment') ? EnvironmentCourse.make(options, reader, stages) : TaskCourse.make(reader, stages);
    return new Trainer((await course) as unknown as Course<K>, savedOptions(options));
  }

  static async #once<K extends TrainingKind>(
    stages: unknown,
    options: unknown,
    pipe: EventPipe<TrainingEvent<K>>,
  ): Promise<TrainingResult<K>> {
    const trainer = await Trainer.#make<K>(options, stages);
    try {
      const result = await trainer.#train(stages, {}, pipe);
      await trainer.#course.close();
      return result;
    } catch (error) {
      if (hasPartialResult(error)) {
        await trainer.#course.close().catch(() => undefined);
      } else {
        await trainer.close();
      }
      throw error;
    }
  }

  /** The agent that is trained. */
  get agent(): Agent {
    return this.#course.agent;
  }

  /** What it is trained on; undefined with environments. */
  get task(): TrainingKinds[Kind]['task'] {
    return this.#course.task;
  }

  /**
   * Where the run under way, or else the last one, is in its stages: saved, a later run of the same stages can go on from it
   * ({@link RunOptions.resume}). Undefined before the first run.
   */
  get curriculum(): CurriculumState | undefined {
    return this.#run?.curriculum();
  }

  /**
   * Where the run goes on, of a trainer that {@link Trainer.resume} made, until it runs; undefined otherwise.
   */
  get resumed(): ResumePoint | undefined {
    const interrupted = this.#interrupted;
    return (
      interrupted && {
        file: interrupted.resumed.file,
        iteration: interrupted.state.run.progress.iterations,
        events: interrupted.resumed.events,
      }
    );
  }

  /** Whether a run is under way. */
  get running(): boolean {
    return this.#active !== undefined;
  }

  /** Whether {@link Trainer.close} was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Trains the agent further. One run at a time; a later run goes on with the agent, and with the random streams, that the one before it
   * left, however that ended.
   *
   * The run rejects with {@link OptionsError} when the stages are wrong (nothing was trained), {@link BusyError} during another run,
   * {@link ClosedError} after {@link Trainer.close}; and, with `partial` on the error, {@link AbortedError}, {@link TaskError} when the task
   * throws or gives bad numbers, {@link EnvironmentError} when an environment does or does not answer, {@link NonFiniteError} when the loss is
   * not finite. What was learned before is kept, and the trainer can be used further.
   *
   * @param stages - Stages in order, see {@link StageSpec} and {@link StepStageSpec}; or a {@link Curriculum}. After {@link Trainer.resume} they are
   * left out, and the run that was interrupted goes on; with stages, another one begins.
   * @param options - See {@link RunOptions}.
   * @returns The run: await it, or iterate over its events.
   */
  run(stages?: RunStages<Kind>, options: RunOptions = {}): TrainingRun<Kind> {
    return new TrainingRun((pipe) => this.#train(stages, options, pipe));
  }

  /**
   * Learns programs, or episodes, by heart: the cross-entropy of their actions, in passes over them. For a task too sparse to be found by chance:
   * `{ from: 'search' }` has programs searched as {@link checkTask} does; a later run goes on from there.
   *
   * @example
   * ```ts
   * await trainer.imitate({ from: 'search', problems: 256 });
   * await trainer.run([0]);
   * ```
   *
   * @param imitated - Programs with what the agent is shown, or that they are to be searched; in environments, episodes.
   * @param options - See {@link ImitateOptions}.
   * @returns What was done.
   * @throws {@link OptionsError} saying all that is wrong with programs and options, such as `programs[3].tokens[2]`; nothing was learned then.
   * @throws {@link TaskError} when a function of the task throws.
   * @throws {@link BusyError} during a run, and {@link ClosedError} after {@link Trainer.close}.
   * @throws {@link AbortedError} and {@link NonFiniteError}; what was learned before is kept.
   */
  async imitate(imitated: TrainingKinds[Kind]['imitated'], options: ImitateOptions = {}): Promise<ImitationResult> {
    this.#checkReady();
    const course = this.#course;
    let stopped = false;
    const stop = (): void => {
      stopped = true;
    };
    const { promise: ended, resolve: end } = withResolvers();
    this.#active = { pipe: { stop }, ended };
    const signals = course.signal === undefined ? [] : [course.signal];
    try {
      return await course.imitate(imitated, options, { signals, stopped: () => stopped });
    } finally {
      this.#active = undefined;
      end();
    }
  }

  /**
   * Measures the agent with greedy programs on fresh problems, or in fresh greedy episodes in environments of their own. Does not disturb a
   * run: problems and episodes come from streams of their own.
   *
   * @param options - Which stages, how many problems or episodes.
   * @returns One entry a stage, in the order asked for.
   * @throws {@link OptionsError} when an option is wrong.
   * @throws {@link TaskError} when the task throws or gives bad numbers.
   * @throws {@link EnvironmentError} when an environment cannot be made, throws, gives what is not of its spaces, or never ends an episode.
   * @throws {@link ClosedError} after {@link Trainer.close}.
   */
  async evaluate(options: TrainingKinds[Kind]['evaluateOptions'] = {}): Promise<TrainingKinds[Kind]['evaluation'][]> {
    this.#checkOpen();
    return this.#course.evaluate(options);
  }

  /**
   * Draws fresh problems of a task, solves them greedily and says how.
   *
   * @param stage - Stage id or name.
   * @param count - How many, 1 to 2²⁰; 5 where absent.
   * @returns One explanation a problem.
   * @throws {@link OptionsError} when stage or count is wrong.
   * @throws {@link InputError} with environments, which have no problems.
   * @throws {@link TaskError} when the task throws or gives bad numbers.
   * @throws {@link ClosedError} after {@link Trainer.close}.
   */
  async explain(stage: number | string, count = 5): Promise<Explanation[]> {
    this.#checkOpen();
    return this.#course.explain(stage, count);
  }

  /**
   * Says what keeps the agent from its targets: success by group, with held-out problems beside those that are trained on, whether right programs
   * are found at all, entropy, how far the last run is and whether it stands still, and problems that fail, with what the agent did. Does not
   * disturb a run; the same agent is diagnosed alike.
   *
   * @example
   * ```ts
   * const diagnosis = await trainer.diagnose();
   * console.log(String(diagnosis));
   * for (const { code, stage, remedy } of diagnosis.findings) console.log(code, stage, remedy);
   * ```
   *
   * @param options - Which stages, how many problems, which groups; see {@link DiagnoseOptions}.
   * @returns The diagnosis; as text, a report.
   * @throws {@link OptionsError} when an option is wrong.
   * @throws {@link InputError} with environments, which have no problems.
   * @throws {@link TaskError} when the task throws or gives bad numbers.
   * @throws {@link ClosedError} after {@link Trainer.close}.
   */
  async diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
    this.#checkOpen();
    return this.#course.diagnose(options);
  }

  /**
   * Ends a run that is under way after its iteration, then closes environments, and the agent unless it was passed in. Calling it again does
   * nothing.
   *
   * @returns When all is closed.
   * @throws {@link EnvironmentError} when an environment throws; all the others, and the agent, are closed all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as {@link Trainer.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #train(stages: unknown, options: RunOptions, pipe: EventPipe<TrainingEvent<Kind>>): Promise<TrainingResult<Kind>> {
    this.#checkReady();
    const course = this.#course;
    const issues = new Issues();
    const interrupted = stages === undefined ? this.#interrupted : undefined;
    const specs = interrupted === undefined ? stages : interrupted.state.setup.stages;
    const plan = course.plan(specs, issues);
    const reader = new OptionReader(options, issues);
    const signals = [reader.signal('signal'), course.signal].filter((signal) => signal !== undefined);
    const resume = reader.has('resume') ? readCurriculumState(reader.raw('resume'), plan, issues.at('resume')) : undefined;
    reader.finish();
    if (resume !== undefined && interrupted !== undefined) {
      issues.add('resume', 'cannot be given: the checkpoint says where the run goes on.', 'Leave it out.');
    }
    issues.throwIfAny(OptionsError);
    const { promise: ended, resolve: end } = withResolvers();
    this.#active = { pipe, ended };
    let keeper: RunKeeper | undefined;
    try {
      keeper = await this.#keeping.open(specs, interrupted);
      const watch = { signals, pipe, onEvent: this.#eventHandler(), keeper, resumed: interrupted?.resumed };
      const from = interrupted?.state.run;
      const run =
        interrupted === undefined
          ? course.begin(plan, watch, resume)
          : undamaged(interrupted.resumed.file, () => course.begin(plan, watch, undefined, from && checkedRun(from, plan)));
      this.#interrupted = undefined;
      this.#run = run;
      return await run.run().catch((error: unknown) => {
        throw withPartialResult(error, run.partial());
      });
    } finally {
      await keeper?.close();
      this.#active = undefined;
      end();
    }
  }

  async #close(): Promise<void> {
    const active = this.#active;
    active?.pipe.stop();
    await active?.ended;
    try {
      await this.#course.close();
    } finally {
      if (!this.#course.lent) {
        await this.agent.close();
      }
    }
  }

  #checkReady(): void {
    this.#checkOpen();
    if (this.#course.agent.closed) {
      throw new ClosedError('agent');
    }
    if (this.#active !== undefined) {
      throw new BusyError();
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new ClosedError('trainer');
    }
  }

  #eventHandler(): ((event: TrainingEvent<Kind>) => unknown) | undefined {
    const { progress } = this.#course;
    if (typeof progress === 'function') {
      return progress;
    }
    return progress ? (createProgress(process.stderr) as (event: TrainingEvent<Kind>) => void) : undefined;
  }
}

function trainOnce(stages: unknown, options: object): PromiseLike<TrainingResult<TrainingKind>> {
  return Trainer.run(stages as RunStages, options);
}

// Where this module is what a worker was started with.
serveJob(trainOnce);

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
