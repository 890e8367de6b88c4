import { OptionsError } from '../errors/options-error.js';
import type { Task } from '../task/task.js';
import type { StageResult } from '../trainer/run/result.js';
import { isArray, isRecord } from '../util/kind.js';
import type { AnyFactory } from './built-in.js';
import type { Input, OptionSpec } from './command.js';
import type { Source } from './source.js';

/** Which stages. */
export const STAGES_OPTION: OptionSpec = { value: 'list', means: 'stages by number or name, such as 0,1,2; all where absent' };

/** How long each is trained. */
export const LENGTH_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  iterations: { value: 'n', means: 'trains each stage for so many iterations, on a task; to its target where absent' },
  steps: { value: 'n', means: 'trains each stage for so many steps of environments' },
};

/** @param text - As typed, such as `0,hard`. @returns Stages by number or name; undefined where absent. */
export function readStageList(text: string | undefined): (number | string)[] | undefined {
  return text?.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : part.trim()));
}

/**
 * @param option - Its name, with dashes.
 * @param text - As typed.
 * @returns The count; undefined where absent.
 * @throws {@link OptionsError} where it is none.
 */
export function readCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new OptionsError([
      { path: option, message: `must be an integer of at least 1, got '${text}'.`, remedy: `Pass such as ${option} 100.` },
    ]);
  }
  return count;
}

/**
 * @param input - What was typed.
 * @param configured - Stages of a configuration.
 * @param source - What is trained on.
 * @returns What is trained when.
 */
export async function readStages(input: Input, configured: unknown, { on }: Pick<Source, 'on'>): Promise<unknown> {
  const listed = readStageList(input.text('stages'));
  const iterations = readCount('--iterations', input.text('iterations'));
  const steps = readCount('--steps', input.text('steps'));
  const inTask = 'task' in on;
  const [wrong, right] = inTask ? ['steps', 'iterations'] : ['iterations', 'steps'];
  if (input.text(wrong) !== undefined) {
    const message = `is for training ${inTask ? 'in environments' : 'on a task'}.`;
    throw new OptionsError([{ path: `--${wrong}`, message, remedy: `Pass --${right}.` }]);
  }
  const length = iterations ?? steps;
  if (length === undefined && listed === undefined && configured !== undefined) {
    return configured;
  }
  if (length === undefined && !inTask) {
    const remedy = 'Pass --steps, or stages in a configuration.';
    throw new OptionsError([{ path: '--steps', message: 'must say how long is trained in environments.', remedy }]);
  }
  const ids = listed ?? idsOf(configured) ?? (inTask ? [...(on.task.stages ?? [])].map((_, id) => id) : await stagesOf(on.environment));
  return length === undefined ? ids : ids.map((stage) => ({ stage, [right]: length }));
}

function idsOf(configured: unknown): unknown[] | undefined {
  return isArray(configured) ? configured.map((spec) => (isRecord(spec) ? spec['stage'] : spec)) : undefined;
}

/** Only an environment itself says which stages it has. */
async function stagesOf(make: AnyFactory): Promise<number[]> {
  const made = (await make(0, 1)) as { readonly stages?: readonly string[]; close?(): unknown };
  try {
    return (made.stages ?? ['']).map((_, id) => id);
  } finally {
    await made.close?.();
  }
}

/**
 * @param stages - What was trained when, as it was given.
 * @param results - How the stages ended.
 * @returns Those that had a target and missed it.
 */
export function missedStages(stages: unknown, results: readonly StageResult[]): StageResult[] {
  const missed = results.filter(({ mastered }) => !mastered);
  if (isRecord(stages) && stages['kind'] !== 'mastery') {
    return stages['until'] === undefined ? [] : missed;
  }
  const specs = isRecord(stages) ? stages['stages'] : stages;
  const fixed = (spec: unknown): boolean => isRecord(spec) && (spec['iterations'] !== undefined || spec['steps'] !== undefined);
  return isArray(specs) ? missed.filter((result) => !fixed(specs[results.indexOf(result)])) : [];
}

/** @param task - A task. @param listed - Stages by number or name. @returns Its stages, or those. */
export function stagesOrAll(task: Task, listed: readonly (number | string)[] | undefined): readonly (number | string)[] {
  return listed ?? task.stages.map((_, id) => id);
}
