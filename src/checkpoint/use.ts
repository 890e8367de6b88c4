import { idsOf, type KnownSpace, takeApart } from '../spaces/parts.js';
import { readSpace, type Spaces } from '../spaces/plain.js';
import { isRecord } from '../util/kind.js';
import { numberIssue } from '../util/number-rule.js';
import { damaged } from './fault.js';
import { parseJson } from './json.js';
import { type ModelSpec, observedBy } from './model-spec.js';

/** What an agent was made for, in words. */
export interface Use {
  /** Name of the task; absent in files of other makers. */
  readonly task: string | undefined;
  /** Text of each token. */
  readonly vocabulary: readonly string[] | undefined;
  /** Name of each stage. */
  readonly stages: readonly string[] | undefined;
  /** Tokens of each context, where the task fixed it. */
  readonly contextLength: number | undefined;
}

/**
 * @param record - The record of a file, or any object.
 * @returns What it says; whatever is missing or of the wrong type is left out.
 */
export function useIn(record: Readonly<Record<string, unknown>>): Use {
  const { task, vocabulary, stages, contextLength } = record;
  return {
    task: typeof task === 'string' ? task : undefined,
    vocabulary: stringsOr(vocabulary),
    stages: stringsOr(stages),
    contextLength: numberIssue(contextLength, { integer: true, min: 1 }) === undefined ? (contextLength as number) : undefined,
  };
}

/**
 * Reads what an agent was made for out of a file's note, which may hold anything.
 *
 * @param note - The text.
 * @param model - The network.
 * @param fileBytes - Bytes of the whole file.
 * @returns What it says.
 * @throws {@link CheckpointError} where it names spaces that the network is not for.
 */
export function readUse(note: string, model: ModelSpec, fileBytes: number): Use & { readonly spaces: Spaces | undefined } {
  let record: Readonly<Record<string, unknown>> = {};
  try {
    const value = parseJson(note, 'note', fileBytes);
    record = isRecord(value) ? value : record;
  } catch {
    // It is the caller's text.
  }
  return { ...useIn(record), spaces: readSpaces(record, model) };
}

function readSpaces(
  { observationSpace: observed, actionSpace: acted }: Readonly<Record<string, unknown>>,
  model: ModelSpec,
): Spaces | undefined {
  if (observed === undefined || acted === undefined) {
    return undefined;
  }
  const { dense, discrete } = observedBy(model);
  const observationSpace = readSpace(observed, dense);
  const actionSpace = readSpace(acted, 0) as Spaces['actionSpace'] | undefined;
  const ids = takeApart(observationSpace ?? {}).flatMap(({ space }) => idsOf(space));
  if (
    observationSpace === undefined ||
    model.encoder.kind !== 'none' ||
    `${ids}` !== `${discrete}` ||
    typeof actionSpace?.kind !== 'string' ||
    idsOf(actionSpace as KnownSpace).reduce((product, size) => product * size) !== model.actions
  ) {
    throw damaged('names spaces that the network is not for.', 'note');
  }
  return { observationSpace, actionSpace };
}

function stringsOr(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined;
}
