import type { LossOptions, UpdateOptions } from '../algorithm/a2c.js';
import type { LearnConfig, RolloutStats } from '../algorithm/learn.js';
import type { LossStats, ObjectiveOptions, UpdateStats } from '../algorithm/objective.js';
import { type OptimizerOptions, readOptimizerOptions } from '../algorithm/optimizer.js';
import { type Note, writeNote } from '../checkpoint/note.js';
import type { ToolTask } from '../define/tool-task.js';
import { ClosedError } from '../errors/closed-error.js';
import { InputError } from '../errors/input-error.js';
import type { ExportOptions } from '../export/options.js';
import { inputNames } from '../infer/prompt-reader.js';
import type { Prompts } from '../infer/prompts.js';
import { Session } from '../infer/session.js';
import type { SessionOptions } from '../infer/stepping.js';
import type { BindingAgent, BindingCollector } from '../native/binding.js';
import { guardedAsync } from '../native/error.js';
import { readFilePath } from '../util/file-path.js';
import { Issues } from '../util/issues.js';
import { type JsonData, readJson } from '../util/json-data.js';
import { hasBrand } from '../util/kind.js';
import { OptionReader, readOptions } from '../util/option-reader.js';
import { type CollectorOptions, RolloutCollector } from './collector.js';
import { exportOnnx } from './export.js';
import type { AgentInfo } from './info.js';
import { InputReader } from './input-reader.js';
import type { Episodes, JudgedEpisodes, Minibatch, Programs } from './inputs.js';
import {
  ACCUMULATE_NAMES,
  type CheckedLesson,
  LESSON_NAMES,
  lessonOf,
  type OwnCoefficients,
  readCoefficients,
  readLesson,
  readPrograms,
  toRolloutStats,
} from './lesson.js';
import { createNative, loadNative, type NativeAgent } from './native-agent.js';
import { NativeRows } from './native-rows.js';
import { type AgentLoadOptions, type AgentOptions, type NetworkOptions, readNetworkOptions, type SpacesOptions } from './options.js';
import type { CloneOptions, Evaluation, Gradients, Rollout, RolloutOptions, SaveOptions } from './results.js';
import type { WeighedShown } from './shown.js';
import type { Solution } from './solution.js';
import { solve } from './solve.js';
import { readSolveOptions, type SolveOptions } from './solve-options.js';
import { readStateDict, type StateDict, toStateDict } from './state-dict.js';

const BRAND = Symbol.for('innate.agent');

/**
 * A recurrent actor-critic: reads a context, emits `horizon` tokens, and learns from their returns. The network, its optimizer and its
 * random stream live in the native addon; calls on one agent are carried out in the order they are made, off the JavaScript thread.
 *
 * Arrays that are passed in are copied before a method returns its promise, so they may be reused at once; arrays that come back are the
 * caller's, each with a buffer of its own that can be transferred to a worker.
 *
 * @example
 * ```ts
 * await using agent = await Agent.create({ task: arithmetic, seed: 1 });
 * const { actions } = await agent.act({ contexts, stages, deterministic: true });
 * ```
 */
export class Agent {
  /** What the agent is made of and where it runs. */
  readonly info: AgentInfo;
  readonly #native: BindingAgent;
  readonly #note: Note;
  readonly #coefficients: OwnCoefficients;
  #closing: Promise<void> | undefined;

  private constructor({ native, note, info }: NativeAgent) {
    this.#native = native;
    this.#note = note;
    const own = { update: note.update, numberNames: native.numberNames };
    this.#coefficients = { ...own, ...readCoefficients(new OptionReader({}), own) };
    this.info = info;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Whether a value is an agent, also when it comes from another copy of this package.
   *
   * @param value - Anything.
   * @returns True for an {@link Agent}.
   */
  static isInstance(value: unknown): value is Agent {
    return hasBrand(value, BRAND);
  }

  /**
   * Makes an agent with fresh weights.
   *
   * @param options - A task, a description of the network, or the spaces of an environment; see {@link AgentOptions}, {@link NetworkOptions} and
   * {@link SpacesOptions}.
   * @returns The agent.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link DeviceError} when the device cannot be used.
   * @throws {@link NativeLoadError} when the addon for the device does not load.
   */
  static async create(options: AgentOptions | NetworkOptions | SpacesOptions = {}): Promise<Agent> {
    return new Agent(await createNative(readOptions(options, readNetworkOptions)));
  }

  /**
   * Reads an agent from a file that {@link Agent.save} wrote: weights, Adam's state and random stream, so that training goes on as if it
   * had not been interrupted.
   *
   * @param path - The file, as a string or a `file:` URL. A relative path counts from the working folder at the time of the call.
   * @param options - Task to check against, device, engine, threads, coefficients.
   * @returns The agent.
   * @throws {@link CheckpointError} when the file cannot be read, is damaged, or does not fit the task.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link DeviceError} when the device cannot be used.
   * @throws {@link NativeLoadError} when the addon for the device does not load.
   */
  static async load(path: string | URL, options: AgentLoadOptions = {}): Promise<Agent> {
    return new Agent(await loadNative(path, options));
  }

  /**
   * @param agent - An agent.
   * @returns Its native side.
   * @throws {@link ClosedError} after {@link Agent.close}.
   * @internal
   */
  static nativeOf(agent: Agent): unknown {
    agent.#checkOpen();
    return agent.#native;
  }

  /**
   * Makes another agent of the present weights, on the same device: to hold this one to what it was, say. Neither changes the other.
   *
   * @param options - Its seed, and whether it has Adam's state; see {@link CloneOptions}.
   * @returns The other agent, which is the caller's to close. A gradient that waits is not part of it.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async clone(options: CloneOptions = {}): Promise<Agent> {
    this.#checkOpen();
    const { seed, optimizer } = readOptions(options, (reader) => ({
      seed: reader.has('seed') ? reader.seed() : undefined,
      optimizer: reader.boolean('optimizer', true),
    }));
    const native = await guardedAsync(() => this.#native.clone(seed, optimizer));
    return new Agent({ native, note: this.#note, info: Object.freeze({ ...this.info, seed: seed ?? this.info.seed }) });
  }

  /**
   * What was given as `metadata` when the file was saved that it was loaded from; undefined where nothing was. It is saved again, unless something
   * else is given then.
   */
  get metadata(): JsonData | undefined {
    return this.#note.metadata;
  }

  /** Whether {@link Agent.close} was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Emits one program a problem.
   *
   * @param input - Contexts `[n, L]`, stages `[n]`; `deterministic: true` takes the most probable token instead of sampling; see {@link RolloutOptions}.
   * @returns Actions, log-probabilities, entropies and values, each `[n, T]`.
   * @throws {@link InputError} naming the first bad entry of each array.
   * @throws {@link OptionsError} for a name that looks like one of these and is not.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async act(input: Prompts & RolloutOptions): Promise<Rollout> {
    this.#checkPrompted();
    const reader = new InputReader(input, ACT_NAMES, this.info);
    const { contexts, contextLengths, contextValues, stages } = reader.prompts();
    const deterministic = reader.deterministic();
    const randomSteps = reader.randomSteps(stages.length, deterministic);
    reader.check();
    return guardedAsync(() => this.#native.rollout(contexts, stages, deterministic, contextLengths, randomSteps, contextValues));
  }

  /**
   * Says what the network makes of given programs.
   *
   * @param input - Contexts `[n, L]`, stages `[n]`, actions `[n, T]`, and the `inputs` `[n, T]` where other tokens were fed.
   * @returns Logits `[n, T, V]` and log-probabilities, entropies and values `[n, T]`.
   * @throws {@link InputError} naming the first bad entry of each array.
   * @throws {@link OptionsError} for a name that looks like one of these and is not.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async evaluateActions(input: Programs): Promise<Evaluation> {
    this.#checkPrompted();
    const reader = new InputReader(input, PROGRAM_NAMES, this.info);
    const { trajectories } = readPrograms(reader);
    reader.check();
    return guardedAsync(() => this.#native.evaluateActions(trajectories));
  }

  /**
   * One step: policy gradient, value loss, entropy bonus, clipping, Adam. With `returns` it is A2C's, with the advantages of the `baseline`; with
   * `advantages` they are the caller's, and with `oldLogProbs` too the loss is PPO's.
   *
   * @param input - Contexts `[n, L]`, stages `[n]`, actions `[n, T]`, `returns` or `advantages`, and the `lengths` `[n]` of programs that end
   * before the horizon; see {@link Episodes} and {@link JudgedEpisodes}. Coefficients given here hold for this call only.
   * @returns The losses before the step.
   * @throws {@link InputError} naming the first bad entry of each array, and while another gradient waits for {@link Agent.apply}.
   * @throws {@link OptionsError} when a coefficient is out of range, and for a name that looks like one of these and is not.
   * @throws {@link NonFiniteError} when the loss, the gradient or a weight after the step is not finite; weights and Adam's state are untouched.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async update(input: (Episodes | JudgedEpisodes) & UpdateOptions & ObjectiveOptions): Promise<UpdateStats> {
    const { lesson } = this.#lesson(input, LESSON_NAMES);
    const { terms, gradNorm } = await guardedAsync(() => this.#native.update(lesson));
    return Object.assign(terms, { gradNorm });
  }

  /**
   * What {@link Agent.update} would step along: the gradients after clipping. Nothing changes.
   *
   * @param input - As for {@link Agent.update}.
   * @returns Losses, and gradients by weight name.
   * @throws As {@link Agent.update}.
   */
  async gradients(input: (Episodes | JudgedEpisodes) & UpdateOptions & ObjectiveOptions): Promise<Gradients> {
    const { lesson } = this.#lesson(input, LESSON_NAMES);
    const { terms, gradNorm, gradients } = await guardedAsync(() => this.#native.gradients(lesson));
    return { ...terms, gradNorm, gradients: toStateDict(gradients) };
  }

  /**
   * Adds the gradient of the loss, on all rows or on those given by index, to what waits for {@link Agent.apply}. The weights do not change.
   *
   * @param input - As for {@link Agent.update}, without the optimizer's options; `rows` names the rows of a minibatch. With `total`, the sizes of
   * the whole batch, gradients of its parts sum to the whole batch's.
   * @returns The losses on these rows.
   * @throws {@link InputError} naming the first bad entry of each array.
   * @throws {@link OptionsError} when a coefficient is out of range, and for a name that looks like one of these and is not.
   * @throws {@link NonFiniteError} when the loss or its gradient is not finite; what waits is as it was.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async accumulate(input: (Episodes | JudgedEpisodes) & Minibatch & LossOptions & ObjectiveOptions): Promise<LossStats> {
    const { lesson, rows } = this.#lesson(input, ACCUMULATE_NAMES);
    return guardedAsync(() => this.#native.accumulate(lesson, rows));
  }

  /**
   * Reads the sum of the gradients that wait, before clipping: here several agents' are added up.
   *
   * @returns A copy of it by weight name; zeros when none waits.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async gradient(): Promise<StateDict> {
    this.#checkOpen();
    return toStateDict(await guardedAsync(() => this.#native.gradient()));
  }

  /**
   * Replaces the sum of the gradients that wait: with that of several agents, say. It waits for {@link Agent.apply} then, as if it had been
   * accumulated.
   *
   * @param gradient - One tensor a weight, as {@link Agent.gradient} returns them; nothing: what waits is forgotten.
   * @throws {@link InputError} saying all that is wrong with names, shapes and lengths; then nothing changed.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async setGradient(gradient?: StateDict): Promise<void> {
    this.#checkOpen();
    const tensors = gradient === undefined ? undefined : readStateDict(gradient, this.info, 'gradient');
    await guardedAsync(() => this.#native.setGradient(tensors));
  }

  /**
   * One Adam step along the sum of the gradients that wait, clipped by its global norm. None waits afterwards, whether the step was taken or not.
   *
   * @param options - The optimizer's; they hold for this call only.
   * @returns The global norm before clipping.
   * @throws {@link InputError} when none waits.
   * @throws {@link OptionsError} saying all that is wrong with the options; then the gradients still wait.
   * @throws {@link NonFiniteError} when the norm or a weight after the step is not finite; weights and Adam's state are untouched.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async apply(options: OptimizerOptions = {}): Promise<Pick<UpdateStats, 'gradNorm'>> {
    this.#checkOpen();
    const optimizer = readOptions(options, (reader) => readOptimizerOptions(reader, this.#note.update));
    return { gradNorm: await guardedAsync(() => this.#native.apply(optimizer)) };
  }

  /**
   * Makes a session: decisions one token at a time, synchronously, by the present weights.
   *
   * @param options - How many rows, and the seed of what is sampled.
   * @returns The session; it outlives the agent's next updates, with the weights it was made with.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async session(options: SessionOptions = {}): Promise<Session> {
    this.#checkOpen();
    const { size, seed } = readOptions(options, (reader) => ({
      size: reader.count('size', 1),
      seed: reader.seed(),
    }));
    return new Session(new NativeRows(await guardedAsync(() => this.#native.session(size, seed))), this.info, size);
  }

  /**
   * Works through one problem with the application's own tools in place of the simulated ones: chooses a call, carries it out, hears what the tool
   * has really made of the state, and chooses the next. By the weights of the time of the call. A tool that throws, an agent that is
   * unsure and an abort are answers too, so that what has been carried out is always known.
   *
   * @example
   * ```ts
   * const { calls, reason } = await agent.solve(desk, ticket, {
   *   minProbability: 0.9,
   *   tools: {
   *     LOOKUP: async (state, { order }) => {
   *       state.status = await database.statusOf(order);
   *     },
   *   },
   * });
   * ```
   *
   * @param task - The task that the agent was trained on, made by `defineTask`; open loop or closed.
   * @param problem - The problem, as far as `encode`, `start`, `observe` and `when` of the definition, and the tools, look at it.
   * @param options - The tools, and when to stop; see {@link SolveOptions}.
   * @returns The calls with their arguments, answers and probabilities, and why they stopped.
   * @throws {@link OptionsError} saying all that is wrong with the options, tools that are missing or unknown among it, and in what the task
   * differs from the agent's.
   * @throws {@link TaskError} when the task was not made by `defineTask`, and when `encode` or `start` of its definition throws; later errors are in
   * the result.
   * @throws {@link InputError} when the agent was made for an environment.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async solve<Problem, State, Tool extends string, Stage extends string, Milestone extends string, Parameters, Declared>(
    task: ToolTask<Problem, State, Tool, Stage, Milestone, Parameters, Declared>,
    problem: NoInfer<Problem>,
    options: SolveOptions<NoInfer<Problem>, NoInfer<State>, NoInfer<Tool>, NoInfer<Stage>, NoInfer<Parameters>, NoInfer<Declared>>,
  ): Promise<Solution<State, Tool, Parameters>> {
    this.#checkPrompted();
    const untyped = task as unknown as ToolTask;
    const config = readSolveOptions(this.info, untyped, options);
    const session = await this.session({ size: 1, seed: config.seed });
    try {
      const solution: unknown = await solve(session, untyped, problem, config);
      return solution as Solution<State, Tool, Parameters>;
    } finally {
      session.close();
    }
  }

  /**
   * Makes rows whose steps are recorded to be learned from.
   *
   * @param options - What they are for.
   * @param carried - What other rows carried on, see {@link RolloutCollector.carried}: these go on there.
   * @returns The rows, by the agent's present and later weights.
   * @throws {@link ClosedError} after {@link Agent.close}.
   * @internal
   */
  async collector(options: CollectorOptions, carried?: Uint8Array): Promise<RolloutCollector> {
    this.#checkOpen();
    return new RolloutCollector(await guardedAsync(() => this.#native.collector({ ...options }, carried)));
  }

  /**
   * Learns from a rollout that was recorded and finished.
   *
   * @param collector - The rows.
   * @param options - How.
   * @param beside - What is imitated in each update, if anything: its rows are cut into as many parts as the rollout's.
   * @returns What the updates say.
   * @throws {@link NonFiniteError} when a loss, a gradient or a weight after a step is not finite; weights and Adam's state are those of the update
   * before.
   * @throws {@link ClosedError} after {@link Agent.close}.
   * @internal
   */
  async learn(collector: RolloutCollector, options: LearnConfig, beside?: WeighedShown): Promise<RolloutStats> {
    this.#checkOpen();
    const native = RolloutCollector.nativeOf(collector) as BindingCollector;
    const lesson = beside && lessonOf(beside.shown, beside.weight, this.#coefficients.numberNames);
    const stats = await guardedAsync(() => this.#native.learn(native, { ...options, optimizer: options }, lesson));
    return toRolloutStats(stats, beside?.weight);
  }

  /**
   * Reads the weights.
   *
   * @returns A copy of them by PyTorch's names.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async stateDict(): Promise<StateDict> {
    this.#checkOpen();
    return toStateDict(await guardedAsync(() => this.#native.stateDict()));
  }

  /**
   * Replaces the weights. Adam's state stays, and so does a gradient that waits.
   *
   * @param stateDict - Every weight, as {@link Agent.stateDict} returns them.
   * @throws {@link InputError} saying all that is wrong with names, shapes and lengths; then nothing changed.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async loadStateDict(stateDict: StateDict): Promise<void> {
    this.#checkOpen();
    await guardedAsync(() => this.#native.loadStateDict(readStateDict(stateDict, this.info)));
  }

  /**
   * Writes weights, Adam's state, random stream and hyperparameters to one safetensors file, whole or not at all; a gradient that waits is no
   * part of it. Any number of agents and processes may save to one path; the last one stays. A symbolic link is followed, and an existing file keeps its mode.
   *
   * @param path - The file, as a string or a `file:` URL; its folder must exist. A relative path counts from the working folder at the time of the
   *   call.
   * @param options - What else is written; see {@link SaveOptions}.
   * @throws {@link InputError} when `path` is no path, or `metadata` no JSON data.
   * @throws {@link CheckpointError} when it cannot be written, or when it could not be loaded again; a file that was there is as it was.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    this.#checkOpen();
    const issues = new Issues();
    const file = readFilePath(path, issues);
    const reader = new OptionReader(options, issues);
    const metadata = reader.has('metadata') ? readJson(reader.raw('metadata'), issues.at('metadata')) : this.metadata;
    reader.finish();
    issues.throwIfAny(InputError);
    await guardedAsync(() => this.#native.save(file, writeNote({ ...this.#note, metadata })));
  }

  /**
   * The bytes of a checkpoint, as the agent is when the calls made before are done.
   *
   * @param trainer - What its trainer goes on with.
   * @param metadata - The caller's own.
   * @returns The bytes.
   * @throws {@link CheckpointError} when they could not be loaded again.
   * @internal
   */
  async encode(trainer: string, metadata: JsonData | undefined): Promise<Uint8Array> {
    this.#checkOpen();
    return guardedAsync(() => this.#native.encode(writeNote({ ...this.#note, metadata }), trainer));
  }

  /**
   * @param agent - An agent that was loaded.
   * @returns What the trainer goes on with that wrote its file; undefined where there is none, or where the agent had gone on without it.
   * @internal
   */
  static trainerOf(agent: Agent): string | undefined {
    return agent.#native.trainer() ?? undefined;
  }

  /**
   * Writes the policy as an ONNX file, for runtimes in other languages: by the present weights, with what observations are normalized by, and without
   * what training needs. Whole or not at all, as {@link Agent.save} writes.
   *
   * @param path - The file, as a string or a `file:` URL; its folder must exist. A relative path counts from the working folder at the time of the
   *   call.
   * @param options - One step, the prompts before the first, or whole programs; see {@link ExportOptions}.
   * @throws {@link InputError} when `path` is no path.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   * @throws {@link CheckpointError} when it cannot be written, or would have 2 GiB or more; a file that was there is as it was.
   * @throws {@link ClosedError} after {@link Agent.close}.
   */
  async export(path: string | URL, options: ExportOptions = {}): Promise<void> {
    this.#checkOpen();
    await exportOnnx(this.#native, this.info, path, options);
  }

  /**
   * Waits for the calls already made, then frees the native memory. An agent that is dropped instead is freed when the collector gets to it;
   * closing is for having the memory back at once. An idle agent has no thread and keeps no process alive, closed or not. Calling it again
   * does nothing.
   *
   * @returns When it is freed.
   */
  close(): Promise<void> {
    this.#closing ??= guardedAsync(() => this.#native.close());
    return this.#closing;
  }

  /** The same as {@link Agent.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For what begins with a prompt. */
  #checkPrompted(): void {
    this.#checkOpen();
    if (this.info.observationSpace !== undefined) {
      const remedy = 'Make a session(), and step it with observations.';
      throw new InputError([{ path: 'agent', message: 'was made for an environment, and reads no prompts.', remedy }]);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new ClosedError('agent');
    }
  }

  /** What the native side takes for an update. */
  #lesson(input: unknown, names: ReadonlySet<string>): CheckedLesson {
    this.#checkPrompted();
    return readLesson(input, names, this.info, this.#coefficients);
  }
}

const ACT_NAMES = inputNames('deterministic', 'randomSteps');
const PROGRAM_NAMES = inputNames('actions', 'inputs');
