import type { UpdateOptions } from '../algorithm/a2c.js';
import type { Split } from '../task/task.js';
import type { Random } from '../util/random.js';
import type { NoParameters, ParameterShapes, ParametersOf, ToolArguments } from './tool-parameters.js';

/** A stage: its name, or an object with a name and whatever else the task's functions want to know about it. */
export type StageDeclaration =
  | string
  | {
      /** The stage's name, unique within the task. */
      readonly name: string;
    };

/** A symbol of a context with a number beside it; see {@link TaskDefinition.contextValues}. */
export interface ValuedSymbol<TokenText extends string = string> {
  /** The symbol, as text or as index into `symbols`. */
  readonly symbol: TokenText | number;
  /** The number, finite in 32 bits; the network learns best from about −1 to 1, and from no more than about −3 to 3. */
  readonly value: number;
}

/** The name of a declared stage. */
export type StageName<Stage extends StageDeclaration> = Stage extends {
  /** The stage's name. */
  readonly name: infer Name extends string;
}
  ? Name
  : Extract<Stage, string>;

/** A tool: what one token, or one and another for each parameter, does to the state. */
export interface ToolDefinition<Problem, State, Stage, Parameters = NoParameters> {
  /**
   * What a call has to say: a list of texts, or a number `n` for 0 to n − 1. A call is the tool's token and then a token for each parameter,
   * in this order; it is made when the last of them is there. At most 4096 combinations.
   *
   * @defaultValue none
   */
  readonly parameters?: ParameterShapes | undefined;
  /**
   * Whether the tool can be used now; where it says no, the call does nothing but takes its steps. With parameters it is asked of a whole
   * call, and under `mask: 'applicable'` also of the arguments so far, none at first: saying no to them says no to every call that begins
   * so.
   *
   * @defaultValue always
   */
  readonly when?: ((state: State, problem: Problem, stage: Stage, args: Partial<ToolArguments<Parameters>>) => boolean) | undefined;
  /**
   * What the tool does: changes `state` in place, synchronously, and must leave `problem` alone.
   *
   * @defaultValue nothing
   */
  readonly run?: ((state: State, problem: Problem, stage: Stage, args: ToolArguments<Parameters>) => void) | undefined;
  /**
   * Whether using the tool ends the program.
   *
   * @defaultValue false
   */
  readonly ends?: boolean | undefined;
}

/** Something worth a little on the way: paid once a program, at the step after which it first holds. */
export interface MilestoneDefinition<Problem, State, Stage, Name extends string> {
  /** What it is worth: added to the return. Finite. */
  readonly reward: number;
  /** Whether it holds. Looked at after every tool that ran, and after `onRefused`, until it held once. */
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
  /** Tokens emitted, the ending one included. */
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
 * With `observe`, with `mask: 'applicable'` and with tools that have parameters the task is closed loop: what is heard and what may be emitted
 * follow from what was emitted before. All others are open loop.
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
  Parameters = NoParameters,
> {
  /** Name of the task, for reports and checkpoints. */
  readonly name: string;
  /** The stages, easiest first. A stage's id is its place here. */
  readonly stages: readonly Stage[];
  /** Tokens emitted in an episode, `T`, those of arguments among them; an integer from 1 to 10000. */
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
   * are padded to the longest of their batch.
   *
   * @defaultValue the longest of the batch
   */
  readonly contextLength?: number | undefined;
  /**
   * `skip`: the network does not read the padding of shorter contexts. `read`: it does, as it reads any token; without `contextLength`, what is
   * shown for one problem then depends on the others of its batch.
   *
   * @defaultValue 'skip'
   */
  readonly padding?: 'skip' | 'read' | undefined;
  /**
   * Whether the order of the symbols that `encode` returns decides which program is right; see {@link Task.contextOrder}.
   *
   * @defaultValue found out by a short search when an agent is made
   */
  readonly contextOrder?: 'matters' | 'ignored' | undefined;
  /**
   * Whether the network reads a number beside each symbol of a context: that of an entry `{ symbol, value }` of what `encode` returns, 0 for a
   * symbol alone. Scale them to about −1 to 1: a price of up to 500 as `price / 500`.
   *
   * @defaultValue false
   */
  readonly contextValues?: boolean | undefined;
  /**
   * `true`: only tools may be emitted, and after a tool with parameters values of the next parameter. `'applicable'`: of these only what
   * `when` says yes to; a program in whose state no tool applies is over, truncated. `false`: all tokens may, those that are no tool only
   * take a step, and what is no value of the next parameter breaks its call off, as refused.
   *
   * @defaultValue true
   */
  readonly mask?: boolean | 'applicable' | undefined;
  /**
   * The most symbols that `observe` returns, `K`, 1 to 10000; where it returns fewer, nothing is heard in the rest. Goes with `observe`.
   *
   * @defaultValue none: nothing is heard
   */
  readonly observationLength?: number | undefined;
  /**
   * `true`: what is emitted after a tool has ended the program is learned from as if it had earned the return too, as in the tutorial.
   * `false`: learning stops at the end.
   *
   * @defaultValue false
   */
  readonly trainPastEnd?: boolean | undefined;
  /**
   * Whether problems that failed come back in training where the caller does not say; see {@link TaskOptions.replay}.
   *
   * @defaultValue true
   */
  readonly replay?: boolean | undefined;
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

  /**
   * Whether `sample` draws no problem for `test` that it could draw for `train`. Needs to be said only where `sample` takes its third
   * parameter in another way than by declaring it, such as with a default.
   *
   * @defaultValue whether `sample` declares a third parameter
   */
  readonly splits?: boolean | undefined;
  /**
   * Draws one problem: plain data. Only `random` may be random. With the third parameter, problems can be held out: those for `test` are
   * measured with, those for `train` learned from. Draw until one is of the split asked for, by something that is the same for both,
   * such as a hash of the problem or a list.
   */
  readonly sample: (random: Random, stage: NoInfer<Stage>, split: Split) => Problem;
  /**
   * What the network is shown: symbols as texts, or as indices into `symbols`, and with `contextValues` also `{ symbol, value }`; the start token
   * and padding are appended.
   */
  readonly encode: (problem: Problem, stage: NoInfer<Stage>) => readonly (NoInfer<TokenText> | number | ValuedSymbol<NoInfer<TokenText>>)[];
  /** The state before the first tool: a new object of plain data each time (structured-cloneable). */
  readonly start: (problem: Problem, stage: NoInfer<Stage>) => State;
  /**
   * The tools, by name. A tool's token is printed as `[NAME]`, that of a parameter's value as `(value)`: parameters share the tokens of equal
   * values.
   */
  readonly tools: {
    readonly [Name in Tool]: ToolDefinition<Problem, State, NoInfer<Stage>, ParametersOf<NoInfer<Parameters>, Name>>;
  } & {
    readonly [Name in keyof Parameters]: {
      /** Where the compiler reads the parameters. */
      readonly parameters?: Parameters[Name];
    };
  };
  /**
   * What the network hears before the first tool and after each tool, one that was refused among them: symbols as texts, or as indices into
   * `symbols`, each place by itself, so that their order counts. Within a call nothing is heard. It makes the task closed loop.
   *
   * @defaultValue nothing is heard
   */
  readonly observe?:
    | ((state: NoInfer<State>, problem: NoInfer<Problem>, stage: NoInfer<Stage>) => readonly (NoInfer<TokenText> | number)[])
    | undefined;
  /**
   * What follows when a tool was emitted that `when` says no to, or a call was broken off by what is no argument: may change the state, as
   * `run` does, for a milestone of negative worth, for `success` or for `reward` to look at.
   *
   * @defaultValue nothing
   */
  readonly onRefused?: ((state: NoInfer<State>, problem: NoInfer<Problem>, stage: NoInfer<Stage>, tool: NoInfer<Tool>) => void) | undefined;
  /**
   * Whether the program met the target; asked once, at its end. Where any tool `ends`, a program that runs into the horizon has failed and
   * is not asked about; where none does, the horizon is the end, or the state in which no tool applies.
   */
  readonly success: (state: State, problem: Problem, stage: NoInfer<Stage>) => boolean;
  /**
   * What success is worth: paid at the last step of a right program; positive.
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
   * The return of a program, finite, in place of milestones + success, paid at the last step. Then only {@link checkTask} can say whether wrong programs pay better.
   *
   * @defaultValue the sum of the milestones reached, plus `successReward` when the program is right
   */
  readonly reward?: ((outcome: ProgramOutcome<Problem, State, NoInfer<Stage>, NoInfer<Milestone>>) => number) | undefined;
  /**
   * Names the group of a problem, such as the rule that decides it: success is then told of each group.
   *
   * @defaultValue all problems are one group
   */
  readonly group?: ((problem: Problem, stage: NoInfer<Stage>) => string) | undefined;
  /**
   * What a right program reaches, for explanations.
   *
   * @defaultValue an empty text
   */
  readonly target?: ((problem: Problem, stage: NoInfer<Stage>) => string | number) | undefined;
}
