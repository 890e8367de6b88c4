import { InnateError } from '../errors/innate-error.js';
import type { OptionsError } from '../errors/options-error.js';
import { ActionCodec } from '../spaces/action-codec.js';
import { checkedActions, layoutOf } from '../spaces/layout.js';
import type { Spaces } from '../spaces/plain.js';
import type { ObservationSpace, Space } from '../spaces/space.js';
import type { Task } from '../task/task.js';
import { isArray, isTypedArray } from '../util/kind.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';

/** What a network needs to know of its use, where there is no task to say it. */
export interface NetworkDescription {
  /** Text of each token, `[V]`, or how many there are, 1 to 2²⁰. */
  readonly vocabulary: readonly string[] | number;
  /** Name of each stage, `[S]`, or how many there are, 1 to 2²⁰. */
  readonly stages: readonly string[] | number;
  /** Tokens emitted in an episode, `T`, 1 to 2²⁰. */
  readonly horizon: number;
  /** Id of the token whose embedding is the network's first input, 0 to `V` − 1. */
  readonly startToken: number;
  /**
   * 1 for each token that may be emitted, else 0, `[V]`.
   *
   * @defaultValue all may
   */
  readonly actionMask?: Uint8Array | undefined;
  /**
   * `own`: a problem sees its own context; `batch`: the mean over the batch.
   *
   * @defaultValue 'own'
   */
  readonly pooling?: 'own' | 'batch' | undefined;
  /**
   * Tokens of every context, `L`, at least 1: with it, contexts of another length are refused.
   *
   * @defaultValue contexts of one batch have one length, which may differ from batch to batch
   */
  readonly contextLength?: number | undefined;
  /**
   * Whether a number is read beside each token of a context; see {@link Prompts.contextValues}.
   *
   * @defaultValue false
   */
  readonly contextValues?: boolean | undefined;
}

/** What a network that acts in an environment needs to know of it. */
export interface SpacesDescription {
  /** What is observed before each step. */
  readonly observationSpace: ObservationSpace<unknown>;
  /** What the actions are one of: `discrete`, or `multiDiscrete` of at most 4096 combinations. */
  readonly actionSpace: Space<unknown>;
  /**
   * Names of the environment's stages, or how many there are. The network does not see the stage.
   *
   * @defaultValue one, called `default`
   */
  readonly stages?: readonly string[] | number | undefined;
}

/** A network's use, whoever described it. */
export interface NetworkUse {
  /** Name of the task, where there is one. */
  readonly task: string | undefined;
  readonly vocabSize: number;
  readonly vocabulary: readonly string[] | undefined;
  readonly stageCount: number;
  readonly stages: readonly string[] | undefined;
  readonly horizon: number;
  readonly startToken: number;
  readonly actionMask: Uint8Array | undefined;
  readonly pooling: 'own' | 'batch';
  readonly contextLength: number | undefined;
  readonly contextValues: boolean;
  /** How many values each id has that is observed before a step, `[K]`. */
  readonly discrete: readonly number[];
  /** Numbers observed before a step, `D`. */
  readonly dense: number;
  /** Of an environment; undefined for a task. */
  readonly spaces: Spaces | undefined;
}

/** Names of what describes a network in place of a task. */
export const DESCRIPTION = [
  ...(['vocabulary', 'stages', 'horizon', 'startToken', 'actionMask', 'pooling'] as const),
  ...(['contextLength', 'contextValues'] as const),
] as const;

/**
 * @param task - A checked task.
 * @returns What it says of its network.
 */
export function useOf(task: Task): NetworkUse {
  const { name, vocabulary, stages, horizon, startToken, actionMask, pooling, contextLength, contextValues, interaction } = task;
  return {
    task: name,
    vocabSize: vocabulary.length,
    vocabulary: [...vocabulary],
    stageCount: stages.length,
    stages: [...stages],
    horizon,
    startToken,
    actionMask,
    pooling: pooling ?? 'own',
    contextLength,
    contextValues: contextValues === true,
    // One value more than there are tokens: nothing is heard.
    discrete: new Array<number>(interaction?.observationLength ?? 0).fill(vocabulary.length + 1),
    dense: 0,
    spaces: undefined,
  };
}

/** Names of what describes an environment's network. */
export const SPACES = ['observationSpace', 'actionSpace'] as const;

/**
 * Reads the description of an environment's network that stands among other options.
 *
 * @param reader - Over what the caller passed.
 * @returns The use; meaningful only when no issue was added.
 */
export function readSpaces(reader: OptionReader): NetworkUse | undefined {
  const given = SPACES.filter((key) => required(reader, key));
  const [stageCount, stages] = reader.has('stages') ? readNames(reader, 'stages') : [1, ['default']];
  for (const key of DESCRIPTION) {
    if (key !== 'stages' && reader.has(key)) {
      reader.issues.add(key, 'cannot be given together with spaces.', 'Leave it out: an environment has neither prompts nor a horizon.');
    }
  }
  if (given.length < SPACES.length) {
    return undefined;
  }
  const spaces = { observationSpace: reader.raw('observationSpace'), actionSpace: reader.raw('actionSpace') } as Spaces;
  try {
    return useOfSpaces(spaces, stages ?? Array.from({ length: stageCount }, (_, stage) => `${stage}`));
  } catch (error) {
    if (!InnateError.isInstance(error) || error.code !== 'ERR_OPTIONS') {
      throw error;
    }
    for (const { path, message, remedy } of (error as OptionsError).issues) {
      reader.issues.add(path, message, remedy);
    }
    return undefined;
  }
}

/**
 * @param spaces - Of an environment.
 * @param stages - Names of its stages.
 * @returns What they say of the network.
 * @throws {@link OptionsError} saying all that is wrong with one of them.
 */
export function useOfSpaces(spaces: Spaces, stages: readonly string[]): NetworkUse {
  const { size } = new ActionCodec(checkedActions(spaces.actionSpace));
  const { dense, discrete } = layoutOf(spaces.observationSpace);
  return {
    task: undefined,
    // The actions, and what stands in the place of one before the first.
    vocabSize: size + 1,
    vocabulary: undefined,
    stageCount: stages.length,
    stages: [...stages],
    horizon: 1,
    startToken: size,
    actionMask: undefined,
    pooling: 'own',
    contextLength: undefined,
    contextValues: false,
    discrete,
    dense,
    spaces,
  };
}

/**
 * Reads a description that stands among other options.
 *
 * @param reader - Over what the caller passed.
 * @returns The use; meaningful only when no issue was added.
 */
export function readDescription(reader: OptionReader): NetworkUse {
  const [vocabSize, vocabulary] = readNames(reader, 'vocabulary');
  const [stageCount, stages] = readNames(reader, 'stages');
  return {
    task: undefined,
    vocabSize,
    vocabulary,
    stageCount,
    stages,
    horizon: required(reader, 'horizon') ? reader.count('horizon', 1) : 1,
    startToken: required(reader, 'startToken')
      ? reader.number('startToken', 0, { integer: true, min: 0, max: Math.max(vocabSize - 1, 0) })
      : 0,
    actionMask: readMask(reader, vocabSize),
    pooling: reader.choice('pooling', 'own', ['own', 'batch']),
    contextLength: reader.has('contextLength') ? reader.count('contextLength', 1) : undefined,
    contextValues: reader.boolean('contextValues', false),
    discrete: [],
    dense: 0,
    spaces: undefined,
  };
}

function required(reader: OptionReader, key: string): boolean {
  const given = reader.has(key);
  if (!given) {
    reader.issues.add(key, 'is missing.', 'Pass it, or a task, which has it.');
  }
  return given;
}

/** How many there are, and their names where these were given. */
function readNames(reader: OptionReader, key: 'vocabulary' | 'stages'): [number, readonly string[] | undefined] {
  if (!required(reader, key)) {
    return [1, undefined];
  }
  const value = reader.raw(key);
  if (!isArray(value)) {
    return [reader.count(key, 1), undefined];
  }
  const names = Array.from(value);
  const bad = names.findIndex((name) => typeof name !== 'string' || name === '');
  if (names.length === 0) {
    reader.issues.add(key, 'is empty.', 'Give one text at least, or a number.');
  } else if (bad >= 0) {
    reader.issues.add(`${key}[${bad}]`, `must be a text with at least one character, got ${show(names[bad])}.`, 'Name it.');
  }
  return [names.length, names as string[]];
}

function readMask(reader: OptionReader, vocabSize: number): Uint8Array | undefined {
  const mask = reader.raw('actionMask');
  if (mask === undefined) {
    return undefined;
  }
  if (!(isTypedArray(mask) || isArray(mask)) || mask.length !== vocabSize) {
    reader.issues.add('actionMask', `must hold ${vocabSize} entries, one a token, got ${show(mask)}.`, 'Pass a Uint8Array of 1 and 0.');
    return undefined;
  }
  const bad = Array.from(mask as ArrayLike<unknown>).findIndex((entry) => entry !== 0 && entry !== 1);
  if (bad >= 0) {
    reader.issues.add(`actionMask[${bad}]`, `must be 1 or 0, got ${show(mask[bad])}.`, 'Put 1 where a token may be emitted.');
    return undefined;
  }
  const entries = Uint8Array.from(mask as ArrayLike<number>);
  if (!entries.includes(1)) {
    reader.issues.add('actionMask', 'allows no token.', 'Put 1 where a token may be emitted.');
  }
  return entries;
}
