import { resolveStage } from '../../curriculum/stage-spec.js';
import { hasMachine, requireMachine } from '../../define/check/has-machine.js';
import { readSearch, type SolvingProgramsOptions, searchSolving } from '../../define/check/solving-programs.js';
import type { Ids, Numbers } from '../../infer/prompts.js';
import type { Task } from '../../task/task.js';
import type { Issues } from '../../util/issues.js';
import { isArray, isRecord, isTypedArray } from '../../util/kind.js';
import { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';
import { addUnknownKeys } from '../../util/value-reader.js';

/** A program to be imitated: what the agent is shown, and what it should emit. */
export type ImitationProgram = ProblemProgram | ContextProgram;

/** A program for a problem of a task made by {@link defineTask}; what {@link solvingPrograms} finds is one. */
export interface ProblemProgram {
  /** The problem, as the definition's functions are given it. */
  readonly problem: unknown;
  /** Absent: the problem says what is shown. */
  readonly context?: undefined;
  /**
   * Name or id of its stage.
   *
   * @defaultValue 0
   */
  readonly stage?: number | string | undefined;
  /**
   * Token ids, 1 to `T`: those after the program's end are not looked at. Where it is not over with the last of them, what follows is left to the
   * agent.
   */
  readonly tokens: Ids;
  /**
   * Not looked at: `tokens` says the same.
   *
   * @defaultValue absent
   */
  readonly calls?: unknown;
}

/** A program for a task written by hand, open loop. */
export interface ContextProgram {
  /** Token ids of the context, `[L]`. */
  readonly context: Ids;
  /**
   * A number beside each of them, `[L]`, for a task with {@link Task.contextValues}.
   *
   * @defaultValue none
   */
  readonly contextValues?: Numbers | undefined;
  /** Absent: there is none. */
  readonly problem?: undefined;
  /**
   * Name or id of its stage.
   *
   * @defaultValue 0
   */
  readonly stage?: number | string | undefined;
  /** Token ids, 1 to `T`, up to the program's end. */
  readonly tokens: Ids;
}

/** Programs that a search finds; see {@link solvingPrograms}. */
export interface ImitationSearch extends Omit<SolvingProgramsOptions, 'seed'> {
  /** Where programs come from. */
  readonly from: 'search';
}

/** An {@link ImitationProgram}, read. */
export interface ReadProgram {
  /** Where it stands among what was given. */
  readonly index: number;
  /** Given, or else a context. */
  readonly problem: { readonly value: unknown } | undefined;
  readonly context: Int32Array | undefined;
  /** Beside the context's tokens, where the task has such numbers and a context is given. */
  readonly contextValues: Float32Array | undefined;
  readonly stage: number;
  /** At least one. */
  readonly tokens: Int32Array;
}

const KEYS = new Set(['problem', 'context', 'contextValues', 'stage', 'tokens', 'calls']);

/**
 * Reads programs, or has them searched.
 *
 * @param given - What the caller passed.
 * @param task - The task.
 * @param seed - Of the problems that are searched.
 * @param issues - Where issues are added, at the programs' own place.
 * @returns The programs; meaningful only when no issue was added.
 */
export function readPrograms(given: unknown, task: Task, seed: number, issues: Issues): ReadProgram[] {
  if (isArray(given)) {
    if (given.length === 0) {
      issues.add('', 'are none.', 'Pass at least one program.');
    }
    return given.flatMap((program: unknown, index) => readProgram(program, index, task, issues.at(`[${index}]`)) ?? []);
  }
  if (isRecord(given) && given['from'] === 'search') {
    return readSearched(given, task, seed, issues);
  }
  issues.add('', `must be a list of programs or { from: 'search' }, got ${show(given)}.`, 'Pass such as [{ problem, tokens }].');
  return [];
}

function readSearched(given: object, task: Task, seed: number, issues: Issues): ReadProgram[] {
  const reader = new OptionReader(given, issues);
  reader.raw('from');
  const config = readSearch(reader, task, seed);
  reader.finish();
  if (issues.list.length > 0) {
    return [];
  }
  const found = searchSolving(requireMachine(task, 'searched'), config);
  if (found.length === 0) {
    issues.add('', `found no program for any of ${config.problems} problems a stage.`, 'Raise maxStates, or pass programs.');
  }
  return found.map(({ problem, stage, tokens }, index) => ({
    index,
    problem: { value: problem },
    context: undefined,
    contextValues: undefined,
    stage: task.stages.indexOf(stage),
    tokens,
  }));
}

function readProgram(program: unknown, index: number, task: Task, issues: Issues): ReadProgram | undefined {
  if (!isRecord(program)) {
    issues.add('', `must be { problem, tokens } or { context, tokens }, got ${show(program)}.`, 'Pass what is shown and what is emitted.');
    return undefined;
  }
  const before = issues.list.length;
  addUnknownKeys(program, KEYS, issues, { message: 'is no part of a program.' });
  const { problem, context, stage } = program;
  if ((problem === undefined) === (context === undefined)) {
    const message = problem === undefined ? 'must be given, or context.' : 'cannot be given together with context.';
    issues.add('problem', message, hasMachine(task) ? 'Give the problem.' : 'Give the context.');
  } else if (problem !== undefined && !hasMachine(task)) {
    issues.add('problem', 'cannot be encoded: the task was not made by defineTask.', 'Give the context, as token ids.');
  } else if (context !== undefined && task.interaction !== undefined) {
    issues.add('context', 'says nothing of what the task answers.', 'Give the problem, of a task made by defineTask.');
  }
  const names = { stageNames: task.stages, taskName: task.name };
  const id = stage === undefined ? 0 : resolveStage(stage, names, issues.at('stage'));
  const shown = context === undefined ? undefined : readTokens(context, 'context', task, issues);
  const contextValues = readValues(program['contextValues'], shown, task, issues);
  const tokens = readTokens(program['tokens'], 'tokens', task, issues);
  if (issues.list.length > before || tokens === undefined) {
    return undefined;
  }
  const emitted = withoutPad(tokens, task);
  if (emitted.length === 0 || emitted.length > task.horizon) {
    const message = `must hold 1 to ${task.horizon} tokens, got ${emitted.length}.`;
    issues.add('tokens', message, `A program of this task has at most ${task.horizon}.`);
    return undefined;
  }
  const masked = emitted.findIndex((token) => task.actionMask?.[token] === 0);
  if (masked >= 0) {
    issues.add(`tokens[${masked}]`, `token ${emitted[masked]} is masked: it is never emitted.`, 'Use tokens that may be emitted.');
    return undefined;
  }
  return {
    index,
    problem: problem === undefined ? undefined : { value: problem },
    context: shown,
    contextValues,
    stage: id,
    tokens: emitted,
  };
}

/** The numbers beside a context that is given. */
function readValues(value: unknown, context: Int32Array | undefined, task: Task, issues: Issues): Float32Array | undefined {
  if (context === undefined || task.contextValues !== true) {
    if (value !== undefined) {
      const why = context === undefined ? 'come with a context alone.' : 'cannot be given: the task has no numbers beside tokens.';
      issues.add('contextValues', why, 'Leave them out.');
    }
    return undefined;
  }
  const count = isArray(value) || isTypedArray(value) ? value.length : undefined;
  if (count !== context.length) {
    const message = `must hold ${context.length} numbers, one a token of the context, got ${count ?? show(value)}.`;
    issues.add('contextValues', message, 'Pass 0 for a token without a number.');
    return undefined;
  }
  const numbers = Float32Array.from(value as ArrayLike<number>);
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) {
    const given: unknown = (value as ArrayLike<unknown>)[bad];
    issues.add(`contextValues[${bad}]`, `must be a finite number, got ${show(given)}.`, 'Correct this number.');
  }
  return numbers;
}

function readTokens(value: unknown, name: string, { vocabulary }: Task, issues: Issues): Int32Array | undefined {
  if (!isArray(value) && !isTypedArray(value)) {
    issues.add(name, `must be a list of token ids, got ${show(value)}.`, 'Pass an Int32Array or an array.');
    return undefined;
  }
  const ids = Array.from(value as ArrayLike<unknown>);
  const bad = ids.findIndex((id) => typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= vocabulary.length);
  if (bad >= 0) {
    const message = `must be an integer from 0 and below the vocabulary size, ${vocabulary.length}, got ${show(ids[bad])}.`;
    issues.add(`${name}[${bad}]`, message, 'Correct this id.');
    return undefined;
  }
  return Int32Array.from(ids as number[]);
}

/** What `task.program()` fills up with is no part of a program, unless it may be emitted. */
function withoutPad(tokens: Int32Array, task: Task): Int32Array {
  if (!hasMachine(task) || task.actionMask?.[task.padToken] !== 0) {
    return tokens;
  }
  let { length } = tokens;
  while (length > 0 && tokens[length - 1] === task.padToken) {
    length -= 1;
  }
  return tokens.subarray(0, length);
}
