import type { MachineCall, MachineRun } from '../define/task-machine.js';
import type { ToolTask } from '../define/tool-task.js';
import { InnateError } from '../errors/innate-error.js';
import { TaskError } from '../errors/task-error.js';
import type { Session } from '../infer/session.js';
import { onAbort } from '../util/abort.js';
import { isThenable } from '../util/kind.js';
import { showThrown } from '../util/show.js';
import type { ChosenCall, Solution, SolvedCall, SolveReason } from './solution.js';
import type { SolveConfig } from './solve-options.js';

/** A token that was chosen. */
interface Choice {
  readonly token: number;
  readonly probability: number;
  readonly value: number;
}

/** Why a program stops, and at which call. */
interface Stop {
  readonly reason: SolveReason;
  readonly next?: ChosenCall;
  readonly error?: TaskError;
}

const ABORTED = Symbol('aborted');

/**
 * Lets an agent work through a problem with an application's tools.
 *
 * @param session - Of one row.
 * @param task - The task.
 * @param problem - The problem.
 * @param config - How.
 * @returns The calls, and why they stopped.
 * @throws {@link TaskError} when `encode` or `start` of the definition throws: nothing has been called then.
 */
export async function solve(session: Session, task: ToolTask, problem: unknown, config: SolveConfig): Promise<Solution> {
  session.begin(task.encode([problem], config.stage));
  const solver = new Solver(session, task, task.machine.start(problem, config.stage), config);
  return solver.solve();
}

/** One problem on its way. */
class Solver {
  readonly #session: Session;
  readonly #task: ToolTask;
  readonly #run: MachineRun<unknown, unknown>;
  readonly #config: SolveConfig;
  readonly #calls: SolvedCall[] = [];
  /** Token ids heard, `[K]`. */
  readonly #heard: Int32Array | undefined;
  /** 1 for each token allowed, `[V]`. */
  readonly #allowed: Uint8Array | undefined;

  constructor(session: Session, task: ToolTask, run: MachineRun<unknown, unknown>, config: SolveConfig) {
    const { observationLength = 0, masked = false } = task.interaction ?? {};
    this.#session = session;
    this.#task = task;
    this.#run = run;
    this.#config = config;
    this.#heard = observationLength === 0 ? undefined : new Int32Array(observationLength);
    this.#allowed = masked ? new Uint8Array(task.vocabulary.length) : undefined;
  }

  async solve(): Promise<Solution> {
    let stop: Stop | undefined;
    do {
      try {
        stop = this.#over() ?? (await this.#call());
      } catch (error) {
        // Calls have been carried out: what they were must not be lost with a function of the definition.
        if (!(InnateError.isInstance(error) && error.code === 'ERR_TASK')) {
          throw error;
        }
        stop = { reason: 'failed', error: error as TaskError };
      }
    } while (stop === undefined);
    return { calls: this.#calls, ...stop, state: this.#run.state };
  }

  #over(): Stop | undefined {
    const { ended, truncated, steps } = this.#run;
    if (ended) {
      return { reason: 'ended' };
    }
    if (truncated === true) {
      return { reason: 'nothing-applies' };
    }
    if (steps >= this.#task.horizon) {
      return { reason: 'horizon' };
    }
    return this.#config.signal.aborted ? { reason: 'aborted' } : undefined;
  }

  /** Chooses a call token by token, and carries it out; a token that is no call only takes its step. */
  async #call(): Promise<Stop | undefined> {
    const { machine, horizon } = this.#task;
    const run = this.#run;
    const heard = machine.heard(run);
    const first = this.#choose(heard);
    let { token, probability } = first;
    let complete = this.#completed(token);
    while (complete === undefined) {
      machine.take(run, token);
      if (run.pending === undefined || run.steps === horizon) {
        return undefined;
      }
      const next = this.#choose([]);
      token = next.token;
      probability *= next.probability;
      complete = this.#completed(token);
    }
    const chosen: ChosenCall = { ...complete, heard, probability, value: first.value };
    if (probability < this.#config.minProbability) {
      return { reason: 'unsure', next: chosen };
    }
    const due = machine.take(run, token);
    if (due !== undefined) {
      return this.#carryOut(due, chosen);
    }
    if (run.truncated !== true) {
      this.#calls.push({ ...chosen, answer: undefined, applied: false });
    }
    return undefined;
  }

  async #carryOut(due: MachineCall, chosen: ChosenCall): Promise<Stop | undefined> {
    const { tools, signal } = this.#config;
    const { problem, stage, state } = this.#run;
    const tool = tools[due.tool];
    let answer: unknown;
    if (tool !== undefined) {
      try {
        answer = tool(state, problem, this.#task.declaredStages[stage], due.arguments, { signal });
        if (isThenable(answer)) {
          answer = await untilAborted(answer, signal);
        }
      } catch (error) {
        if (signal.aborted) {
          return { reason: 'aborted', next: chosen };
        }
        const remedy = 'See the cause. Calls before this one have been carried out.';
        const details = { path: `tools.${due.tool}`, remedy, cause: error };
        return { reason: 'failed', next: chosen, error: new TaskError(`threw ${showThrown(error)}.`, details) };
      }
    }
    this.#calls.push({ ...chosen, answer, applied: true });
    this.#task.machine.conclude(this.#run, due);
    return undefined;
  }

  /** One token more. */
  #choose(heard: readonly string[]): Choice {
    const { machine, vocabulary } = this.#task;
    this.#heard?.fill(vocabulary.length);
    this.#heard?.set(heard.map((text) => vocabulary.indexOf(text)));
    if (this.#allowed !== undefined) {
      this.#allowed.fill(0);
      for (const token of machine.allowed(this.#run)) {
        this.#allowed[token] = 1;
      }
    }
    const step = this.#session.advance(undefined, this.#heard, this.#allowed, undefined, this.#config.deterministic);
    const [token = -1] = step.actions;
    return { token, probability: Math.exp(step.logProbs[0] ?? NaN), value: step.values[0] ?? NaN };
  }

  /** The call that a token would complete. */
  #completed(token: number): MachineCall | undefined {
    const { tools } = this.#task.machine;
    const { pending } = this.#run;
    if (pending === undefined) {
      const tool = tools.find((candidate) => candidate.token === token);
      return tool === undefined || tool.parameters !== undefined ? undefined : { tool: tool.name, arguments: {} };
    }
    const parameters = tools.find(({ name }) => name === pending.tool)?.parameters ?? [];
    const count = Object.keys(pending.arguments).length;
    const parameter = parameters[count];
    const value = parameter?.values[parameter.tokens.indexOf(token)];
    if (parameter === undefined || value === undefined || count + 1 < parameters.length) {
      return undefined;
    }
    return { tool: pending.tool, arguments: { ...pending.arguments, [parameter.name]: value } };
  }
}

/** Waits, but no longer than until an abort; what comes later is nobody's any more. */
function untilAborted(work: PromiseLike<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(ABORTED);
    }
    const leave = onAbort(signal, () => reject(ABORTED));
    void Promise.resolve(work).then(resolve, reject).finally(leave);
  });
}
