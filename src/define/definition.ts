import type { UpdateOptions } from '../algorithm/a2c.js';
import type { Random } from '../util/random.js';

/** A stage: its name, or an object with a name and whatever else the task's functions want to know about it. */
export type StageDeclaration =
  | string
  | {
      /** The stage's name, unique within the task. */
      readonly name: string;
    };

/** The name of a declared stage. */
export type StageName<Stage extends StageDeclaration> = Stage extends {
  /** The stage's name. */
  readonly name: infer Name extends string;
}
  ? Name
  : Extract<Stage, string>;

/** A tool: what one token does to the state. */
export interface ToolDefinition<Problem, State, Stage> {
  /**
   * Whether the tool can be used now; where it says no, the token does nothing but takes a step.
   *
   * @defaultValue always
   */
  readonly when?: ((state: State, problem: Problem, stage: Stage) => boolean) | undefined;
  /**
   * What the tool does: changes `state` in place, synchronously, and must leave `problem` alone.
   *
   * @defaultValue nothing
   */
  readonly run?: ((state: State, problem: Problem, stage: Stage) => void) | undefined;
  /**
   * Whether using the tool ends the program.
   *
   * @defaultValue false
   */
  readonly ends?: boolean | undefined;
}

/** Something worth a little on the way: paid once a program, the first time it holds after a tool ran. */
export interface MilestoneDefinition<Problem, State, Stage, Name extends string> {
  /** What it is worth: added to the return. Finite. */
  readonly reward: number;
  /** Whether it holds. Looked at after every tool that ran, until it held once. */
  readonly reached: (state: State, problem: Problem, stage: Stage) => boolean;
  /**
   * The stages where it is paid.
   *
   * @defaultValue all
   */
  readonly stages?: readonly Name[] | undefined;
}

/** How a program ended; what {@link TaskDefinition.reward} judges. */
export interface ProgramOutcome<Problem, State, Stage, Milestone extends string> {
  /** The problem. */
  readonly problem: Problem;
  /** Its stage, as declared. */
  readonly stage: Stage;
  /** The state at the end. */
  readonly state: State;
  /** Whether a tool ended the program, rather than the horizon. */
  readonly ended: boolean;
  /** Tokens executed, the ending one included. */
  readonly steps: number;
  /** Whether the program is right. */
  readonly success: boolean;
  /** The milestones reached, in the order of their declaration. */
  readonly milestones: readonly Milestone[];
  /** The sum of the reached milestones' rewards. */
  readonly milestoneReward: number;
}

/**
 * What {@link defineTask} makes a task from. Types follow from the literal: the problem from what `sample` returns, the state from what
 * `start` returns, and the names of tools, stages, symbols and milestones from their declarations. Keep the order `sample`, `encode`,
 * `start`, `tools`: the compiler infers from first to last.
 *
 * All functions are synchronous and must depend on their arguments alone. `when`, `reached` and `success` return `true` or `false`: another
 * value, such as a forgotten return's `undefined`, is an error, and so is a promise or a generator from any of them.
 */
export interface TaskDefinition<
  Problem,
  State,
  Tool extends string,
  Stage extends StageDeclaration,
  TokenText extends string,
  Milestone extends string,
> {
  /** Name of the task, for reports and checkpoints. */
  readonly name: string;
  /** The stages, easiest first. A stage's id is its place here. */
  readonly stages: readonly Stage[];
  /** Tokens emitted in an episode, `T`; an integer from 1 to 10000. */
  readonly horizon: number;
  /** Texts of the tokens of which contexts are made. */
  readonly symbols: readonly TokenText[];
  /**
   * Text of the token that ends each context and is the network's first input.
   *
   * @defaultValue `'[CTX]'`
   */
  readonly startToken?: string | undefined;
  /**
   * Text of the token that fills up shorter contexts and programs.
   *
   * @defaultValue `'[EOS]'`
   */
  readonly padToken?: string | undefined;
  /**
   * Tokens of every context, the start token included, `L`: shorter ones are padded to it, a longer one is an error. When absent, contexts
   * are padded to the longest of their batch: nothing is padded where all are equally long, but what is shown for one problem then depends
   * on the others of its batch.
   *
   * @defaultValue the longest of the batch
   */
  readonly contextLength?: number | undefined;
  /**
   * `true`: only tools may be emitted. `false`: all tokens may, and those that are no tool only take a step.
   *
   * @defaultValue true
   */
  readonly mask?: boolean | undefined;
  /**
   * `true`: what is emitted after a tool has ended the program is learned from as if it had earned the return too, as in the tutorial.
   * `false`: learning stops at the end.
   *
   * @defaultValue false
   */
  readonly trainPastEnd?: boolean | undefined;
  /**
   * `own`: a problem sees its own context; `batch`: the mean over the batch.
   *
   * @defaultValue `'own'`
   */
  readonly pooling?: 'own' | 'batch' | undefined;
  /**
   * How the task is best trained: defaults that come before the library's and after the caller's.
   *
   * @defaultValue none of its own
   */
  readonly updateOptions?: UpdateOptions | undefined;

  /** Draws one problem: plain data. Only `random` may be random. */
  readonly sample: (random: Random, stage: NoInfer<Stage>) => Problem;
  /** What the network is shown: symbols as texts, or as indices into `symbols`; the start token and padding are appended. */
  readonly encode: (problem: Problem, stage: NoInfer<Stage>) => readonly (NoInfer<TokenText> | number)[];
  /** The state before the first tool: a new object of plain data each time (structured-cloneable). */
  readonly start: (problem: Problem, stage: NoInfer<Stage>) => State;
  /** The tools, by name. A tool's token is printed as `[NAME]`. */
  readonly tools: { readonly [Name in Tool]: ToolDefinition<Problem, State, NoInfer<Stage>> };
  /**
   * Whether the program met the target; asked once, at its end. Where any tool `ends`, a program that runs into the horizon has failed and
   * is not asked about; where none does, the horizon is the end.
   */
  readonly success: (state: State, problem: Problem, stage: NoInfer<Stage>) => boolean;
  /**
   * What success is worth: added to the return of a right program; positive.
   *
   * @defaultValue 1
   */
  readonly successReward?: number | undefined;
  /**
   * Steps on the way, at most 30. In no stage may a wrong program be able to earn as much as a right one.
   *
   * @defaultValue none
   */
  readonly milestones?:
    | { readonly [Name in Milestone]: MilestoneDefinition<Problem, State, NoInfer<Stage>, NoInfer<StageName<Stage>>> }
    | undefined;
  /**
   * The return of a program, finite, in place of milestones + success. Then only {@link checkTask} can say whether wrong programs pay better.
   *
   * @defaultValue the sum of the milestones reached, plus `successReward` when the program is right
   */
  readonly reward?: ((outcome: ProgramOutcome<Problem, State, NoInfer<Stage>, NoInfer<Milestone>>) => number) | undefined;
  /**
   * What a right program reaches, for explanations.
   *
   * @defaultValue an empty text
   */
  readonly target?: ((problem: Problem, stage: NoInfer<Stage>) => string | number) | undefined;
}
