import type { CallArguments } from '../define/tool-parameters.js';
import type { TaskError } from '../errors/task-error.js';

/** Why an agent has chosen a call. */
export interface CallChoice {
  /** What the agent heard before it, as texts of symbols. */
  readonly heard: readonly string[];
  /** How sure the agent was: the product of the probabilities of the call's tokens, 0 to 1. */
  readonly probability: number;
  /** The critic's v before it: the return that it expects from there on. */
  readonly value: number;
}

/** What became of a call. */
export interface CallOutcome {
  /** What the application's tool returned, or its promise was fulfilled with; undefined where there is no tool. */
  readonly answer: unknown;
  /** False for a call that `when` said no to, which no tool was called for. Never so under `mask: 'applicable'`. */
  readonly applied: boolean;
}

/** A call that an agent has chosen: tool, arguments, what it heard before, how sure it was, and what it expects. Told apart by `tool`. */
export type ChosenCall<Tool extends string = string, Parameters = unknown> = {
  readonly [Name in Tool]: CallChoice & {
    /** Name of the tool. */
    readonly tool: Name;
    /** Its arguments, by name; none for a tool without parameters. */
    readonly arguments: CallArguments<Parameters, Name>;
  };
}[Tool];

/** A {@link ChosenCall} that was carried out, with what the application's tool answered. */
export type SolvedCall<Tool extends string = string, Parameters = unknown> = {
  readonly [Name in Tool]: ChosenCall<Name, Parameters> & CallOutcome;
}[Tool];

/**
 * Why {@link Agent.solve} stopped. `ended`: a tool ended the program. `horizon`: as many tokens as the task allows. `unsure`: the next call was less
 * probable than `minProbability`. `failed`: a tool or a function of the task's definition threw. `aborted`: by the signal. `nothing-applies`: `when`
 * said no to every tool.
 */
export type SolveReason = 'ended' | 'horizon' | 'unsure' | 'failed' | 'aborted' | 'nothing-applies';

/** What came of {@link Agent.solve}. */
export interface Solution<State = unknown, Tool extends string = string, Parameters = unknown> {
  /** The calls carried out, in order. One that was broken off is left out. */
  readonly calls: readonly SolvedCall<Tool, Parameters>[];
  /** Why it stopped. */
  readonly reason: SolveReason;
  /**
   * The call that came next and was not carried out, being unsure; or not to its end, where its tool threw or was at work at the abort: how far
   * it came, the tool knows.
   *
   * @defaultValue absent where none was due
   */
  readonly next?: ChosenCall<Tool, Parameters>;
  /**
   * What failed: names the tool, as `tools.LOOKUP`, or the function of the definition, as `task.observe`, and has what was thrown as `cause`.
   *
   * @defaultValue absent unless `reason` is 'failed'
   */
  readonly error?: TaskError;
  /** The state as the tools have left it. A tool that goes on after an abort still writes to it. */
  readonly state: State;
}
