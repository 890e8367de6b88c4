import { InnateError } from '../errors/innate-error.js';
import type { Issue } from '../errors/issue.js';
import { OptionsError } from '../errors/options-error.js';
import { isRecord } from '../util/kind.js';
import type { Input, OptionSpec } from './command.js';
import type { Config } from './config.js';

/** An option of the command line that is one of a trainer. */
interface Passed extends OptionSpec {
  /** The trainer's, as a path. */
  readonly key: string;
  /** Whether its value is a number. */
  readonly number?: true;
}

/** Where a run is kept; for a run that goes on too. */
export const KEEPING_OPTIONS: Readonly<Record<string, Passed>> = {
  every: { key: 'checkpoint.every', value: 'n', means: 'iterations from one checkpoint to the next; 100', number: true },
  'keep-last': { key: 'checkpoint.keepLast', value: 'n', means: 'checkpoints that stay; 3', number: true },
  'keep-best': { key: 'checkpoint.keepBest', value: 'what', means: 'keeps the best one too: by success_rate or mean_return' },
};

/** Where an agent runs; for every command that loads one. */
export const RUNTIME_OPTIONS: Readonly<Record<string, Passed>> = {
  device: { key: 'device', value: 'name', means: 'cpu, cuda or auto; cpu' },
  engine: { key: 'engine', value: 'name', means: 'fused or plain' },
  threads: { key: 'threads', value: 'n', means: 'native threads; 0, as many as the machine has', number: true },
};

/** Options of `innate train` that are options of a trainer. */
export const TRAIN_OPTIONS: Readonly<Record<string, Passed>> = {
  seed: { key: 'seed', value: 'n', means: 'of everything random; 0', number: true },
  algorithm: { key: 'algorithm', value: 'name', means: 'a2c, ppo, rloo or grpo' },
  'learning-rate': { key: 'learningRate', value: 'x', means: 'of Adam', number: true },
  'entropy-coef': { key: 'entropyCoef', value: 'x', means: 'what indecision is worth', number: true },
  'hidden-size': { key: 'hiddenSize', value: 'n', means: 'width of the network', number: true },
  layers: { key: 'layers', value: 'n', means: 'layers of the network', number: true },
  'batch-size': { key: 'batchSize', value: 'n', means: 'programs of an iteration, on a task', number: true },
  'max-iterations': { key: 'maxIterations', value: 'n', means: 'iterations that a stage gets at most, on a task', number: true },
  'env-count': { key: 'envCount', value: 'n', means: 'environments side by side', number: true },
  'rollout-steps': { key: 'rolloutSteps', value: 'n', means: 'steps of an environment in an iteration', number: true },
  folder: { key: 'checkpoint.folder', value: 'folder', means: 'where the run is kept; runs/NAME, a new one, where absent' },
  ...KEEPING_OPTIONS,
  ...RUNTIME_OPTIONS,
};

/** Gives any option of a trainer. */
export const SET_OPTION: OptionSpec = {
  value: 'key=value',
  means: 'any other option of a trainer, such as network.encoder=gru; the value is JSON, or else text; may be given again',
  multiple: true,
};

/** Options of a trainer, and where each was given. */
export interface GivenOptions {
  readonly options: Readonly<Record<string, unknown>>;
  /** By path: what was typed for it. */
  readonly typed: ReadonlyMap<string, string>;
}

/**
 * Puts what was typed over a configuration's options.
 *
 * @param input - What was typed.
 * @param passed - Which options are read.
 * @param base - Options of a configuration.
 * @returns Options of a trainer, not looked at yet.
 */
export function readGiven(input: Input, passed: Readonly<Record<string, Passed>>, base: Readonly<Record<string, unknown>>): GivenOptions {
  const options: Record<string, unknown> = { ...base };
  const typed = new Map<string, string>();
  for (const [name, { key, number }] of Object.entries(passed)) {
    const text = input.text(name);
    if (text !== undefined) {
      put(options, key.split('.'), number === true ? numberOr(text) : text);
      typed.set(key, `--${name}`);
    }
  }
  for (const setting of input.texts('set')) {
    const [, key, text] = /^([A-Za-z][\w.]*)=([\s\S]*)$/.exec(setting) ?? [];
    if (key === undefined || text === undefined) {
      throw new OptionsError([
        { path: '--set', message: `must be key=value, got '${setting}'.`, remedy: 'Pass such as --set clipRange=0.1.' },
      ]);
    }
    put(options, key.split('.'), jsonOr(text));
    typed.set(key, `--set ${key}`);
  }
  return { options, typed };
}

/**
 * Does something with options; issues that it finds name them as they were given: an option as it was typed, a key in its file.
 *
 * @param given - The options.
 * @param config - The configuration that they are of beside.
 * @param work - Does it.
 * @returns What that returns.
 */
export async function namingOptions<T>(
  { typed }: Pick<GivenOptions, 'typed'>,
  config: Config | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // In the package the trainer's class of errors is another one than this.
    const issues = InnateError.isInstance(error) && error.code === 'ERR_OPTIONS' ? (error as OptionsError).issues : [];
    const renamed = issues.map((issue): Issue => ({ ...issue, path: givenPath(issue.path, typed, config) }));
    throw renamed.length === 0 || renamed.every(({ path }, i) => path === issues[i]?.path) ? error : new OptionsError(renamed);
  }
}

function givenPath(path: string, typed: ReadonlyMap<string, string>, config: Config | undefined): string {
  for (const [key, option] of typed) {
    if (path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`)) {
      return option + path.slice(key.length);
    }
  }
  const first = /^\w+/.exec(path)?.[0] ?? '';
  const key = first === 'curriculum' ? 'stages' : first;
  return config !== undefined && Object.hasOwn(config.options, key) ? `${config.shown}: ${path}` : path;
}

/** Writes into copies: what a configuration exports stays as it is. */
function put(options: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  const below = options[key];
  const next: Record<string, unknown> = isRecord(below) ? { ...below } : {};
  if (rest.length > 0) {
    put(next, rest, value);
  }
  options[key] = rest.length > 0 ? next : value;
}

/** A text that is no number stays one, so that whoever reads it says what it must be. */
function numberOr(text: string): unknown {
  return /^(-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|Infinity)$/i.test(text) ? Number(text) : text;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
