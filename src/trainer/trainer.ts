import { Agent } from '../agent/agent.js';
import { planStages, resolveStage, type StageNames, type StageSpec } from '../curriculum/stage-spec.js';
import { BusyError } from '../errors/busy-error.js';
import { ClosedError } from '../errors/closed-error.js';
import { OptionsError } from '../errors/options-error.js';
import type { TrainingEvent } from '../metrics/events.js';
import { createProgress } from '../metrics/progress.js';
import type { Task } from '../task/task.js';
import { Issues } from '../util/issues.js';
import { COUNT } from '../util/number-rule.js';
import { OptionReader, readOptions } from '../util/option-reader.js';
import { Random, STREAMS } from '../util/random.js';
import { FINAL_PROBLEMS, TrainingLoop } from './loop/training-loop.js';
import { type EvaluateOptions, readEvaluatedStages, type StageEvaluation } from './measure/evaluate.js';
import { Evaluator } from './measure/evaluator.js';
import { type Explanation, explainStage } from './measure/explain.js';
import { readTrainerOptions, type TrainerConfig, type TrainerOptions } from './options.js';
import type { EventPipe } from './run/event-pipe.js';
import { hasPartialResult, type TrainingResult, withPartialResult } from './run/result.js';
import { TrainingRun } from './run/training-run.js';

/** Options of one run. */
export interface RunOptions {
  /**
   * Stops the run at the next iteration: it rejects with {@link AbortedError}, whose `partial` has what was trained.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains an agent on a task, stage by stage, in this process. The network runs in the native addon off the JavaScript thread; problems and
 * scores are the task's TypeScript.
 *
 * @example
 * ```ts
 * const { stages, agent } = await Trainer.run([0, 1, 2], { seed: 1 });
 * ```
 */
export class Trainer {
  /** The agent that is trained. */
  readonly agent: Agent;
  /** What it is trained on. */
  readonly task: Task;
  readonly #config: TrainerConfig;
  readonly #problemRandom: Random;
  readonly #evaluationRandom: Random;
  readonly #onDemandRandom: Random;
  readonly #explanationRandom: Random;
  #active: { readonly pipe: EventPipe; readonly ended: Promise<void> } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(config: TrainerConfig, agent: Agent) {
    const { task, seed } = config.agentConfig;
    this.agent = agent;
    this.task = task;
    this.#config = config;
    this.#problemRandom = new Random(seed, STREAMS.training);
    this.#evaluationRandom = new Random(seed, STREAMS.evaluation);
    this.#onDemandRandom = new Random(seed, STREAMS.onDemand);
    this.#explanationRandom = new Random(seed, STREAMS.explanation);
  }

  /**
   * Makes a trainer and trains once; the short way. The result's `agent` is the caller's to use and close.
   *
   * The run rejects with what {@link Trainer.create} throws, {@link OptionsError} for wrong stages among it, and with what the run of
   * {@link Trainer.run} rejects with. An error without `partial` left no agent behind.
   *
   * @param stages - Stages in order; see {@link StageSpec}.
   * @param options - All optional; see {@link TrainerOptions}.
   * @returns The run: await it, or iterate over its events.
   */
  static run(stages: readonly StageSpec[], options: TrainerOptions = {}): TrainingRun {
    return new TrainingRun(async (pipe) => {
      const trainer = await Trainer.#make(options, stages);
      try {
        return await trainer.#train(stages, {}, pipe);
      } catch (error) {
        if (!hasPartialResult(error)) {
          await trainer.close();
        }
        throw error;
      }
    });
  }

  /**
   * Makes a trainer, and an agent unless one is passed.
   *
   * @param options - All optional; see {@link TrainerOptions}.
   * @returns The trainer.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link DeviceError} when the device cannot be used.
   * @throws {@link TaskError} when the task is not one.
   * @throws {@link NativeLoadError} when there is no addon.
   * @throws {@link ClosedError} when the agent that was passed is closed.
   */
  static create(options: TrainerOptions = {}): Promise<Trainer> {
    return Trainer.#make(options);
  }

  /** With `stages`, what is wrong with them is said together with what is wrong with the options. */
  static async #make(options: TrainerOptions, stages?: readonly StageSpec[]): Promise<Trainer> {
    const reader = new OptionReader(options);
    const { issues } = reader;
    const config = readTrainerOptions(reader);
    reader.finish();
    if (stages !== undefined) {
      planStages(stages, { ...stageNamesOf(config.agentConfig.task), maxIterations: config.maxIterations }, issues);
    }
    issues.throwIfAny(OptionsError);
    if (config.agent?.closed === true) {
      throw new ClosedError('agent');
    }
    const { task, seed, hiddenSize, runtime, update } = config.agentConfig;
    const agent = config.agent ?? (await Agent.create({ task, seed, hiddenSize, ...runtime, ...update }));
    return new Trainer(config, agent);
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
   * Trains the agent further. One run at a time; a later run goes on with the agent, and with the random stream, that the one before it
   * left, however that ended.
   *
   * The run rejects with {@link OptionsError} when the stages are wrong (nothing was trained), {@link BusyError} during another run,
   * {@link ClosedError} after {@link Trainer.close}; and, with `partial` on the error, {@link AbortedError}, {@link TaskError} when the task
   * throws or gives bad numbers, {@link NonFiniteError} when the loss is not finite.
   *
   * @param stages - Stages in order; see {@link StageSpec}.
   * @param options - See {@link RunOptions}.
   * @returns The run: await it, or iterate over its events.
   */
  run(stages: readonly StageSpec[], options: RunOptions = {}): TrainingRun {
    return new TrainingRun((pipe) => this.#train(stages, options, pipe));
  }

  /**
   * Measures the agent with greedy programs on fresh problems. Does not disturb a run: its problems come from a stream of their own.
   *
   * @param options - Which stages, how many problems.
   * @returns One entry a stage, in the order asked for.
   * @throws {@link OptionsError} when an option is wrong.
   * @throws {@link TaskError} when the task throws or gives bad numbers.
   * @throws {@link ClosedError} after {@link Trainer.close}.
   */
  async evaluate(options: EvaluateOptions = {}): Promise<StageEvaluation[]> {
    this.#checkOpen();
    const { count, ids } = readOptions(options, (reader) => ({
      count: reader.count('problems', FINAL_PROBLEMS),
      ids: readEvaluatedStages(reader, stageNamesOf(this.task)),
    }));
    const evaluator = new Evaluator(this);
    const evaluations: StageEvaluation[] = [];
    for (const stage of ids) {
      const measured = await evaluator.measure(stage, count, this.#onDemandRandom);
      evaluations.push({ stage, name: this.task.stages[stage] ?? '', problems: count, ...measured });
    }
    return evaluations;
  }

  /**
   * Draws fresh problems, solves them greedily and says how.
   *
   * @param stage - Stage id or name.
   * @param count - How many, 1 to 2²⁰; 5 where absent.
   * @returns One explanation a problem.
   * @throws {@link OptionsError} when stage or count is wrong.
   * @throws {@link TaskError} when the task throws or gives bad numbers.
   * @throws {@link ClosedError} after {@link Trainer.close}.
   */
  async explain(stage: number | string, count = 5): Promise<Explanation[]> {
    this.#checkOpen();
    const issues = new Issues();
    const id = resolveStage(stage, stageNamesOf(this.task), issues.at('stage'));
    issues.number('count', count, COUNT, 'Pass how many problems to explain.');
    issues.throwIfAny(OptionsError);
    return explainStage(this, id, count, this.#explanationRandom);
  }

  /**
   * Ends a run that is under way after its iteration, then closes the agent, unless it was passed in. Calling it again does nothing.
   *
   * @returns When all is closed.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as {@link Trainer.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #train(stages: readonly StageSpec[], options: RunOptions, pipe: EventPipe): Promise<TrainingResult> {
    this.#checkOpen();
    if (this.agent.closed) {
      throw new ClosedError('agent');
    }
    if (this.#active !== undefined) {
      throw new BusyError();
    }
    const issues = new Issues();
    const plan = planStages(stages, { ...stageNamesOf(this.task), maxIterations: this.#config.maxIterations }, issues);
    const reader = new OptionReader(options, issues);
    const signals = [reader.signal('signal'), this.#config.signal].filter((signal) => signal !== undefined);
    reader.finish();
    issues.throwIfAny(OptionsError);
    const { batchSize, rehearsal, evaluateEvery, evaluationProblems, update } = this.#config;
    const loop = new TrainingLoop({
      task: this.task,
      agent: this.agent,
      update,
      plan,
      batchSize,
      rehearsal,
      evaluateEvery,
      evaluationProblems,
      problemRandom: this.#problemRandom,
      evaluationRandom: this.#evaluationRandom,
      signals,
      pipe,
      onEvent: this.#eventHandler(),
    });
    const { promise: ended, resolve: end } = withResolvers();
    this.#active = { pipe, ended };
    try {
      return await loop.run();
    } catch (error) {
      throw withPartialResult(error, loop.partial());
    } finally {
      this.#active = undefined;
      end();
    }
  }

  async #close(): Promise<void> {
    const active = this.#active;
    active?.pipe.stop();
    await active?.ended;
    if (this.#config.agent === undefined) {
      await this.agent.close();
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new ClosedError('trainer');
    }
  }

  #eventHandler(): ((event: TrainingEvent) => unknown) | undefined {
    const { progress } = this.#config;
    if (typeof progress === 'function') {
      return progress;
    }
    return progress ? createProgress(process.stderr) : undefined;
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function stageNamesOf({ name, stages }: Task): StageNames {
  return { taskName: name, stageNames: stages };
}
