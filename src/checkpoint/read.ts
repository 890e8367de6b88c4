import { clip, damaged, newer } from './fault.js';
import { Fields } from './fields.js';
import { parseJson } from './json.js';
import { checkModel, embeds, type ModelSpec, observedBy, range, readModel } from './model-spec.js';
import { Safetensors } from './safetensors.js';

/** How programs are emitted. */
export interface RolloutSpec {
  readonly horizon: number;
  readonly startToken: number;
  /** One entry an action; undefined: all are allowed. */
  readonly actionMask: readonly boolean[] | undefined;
}

/** Running statistics of the vectors that are observed. */
export interface Statistics {
  readonly count: number;
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** What a file says of an agent, as far as acting needs it. */
export interface Checkpoint {
  readonly model: ModelSpec;
  readonly rollout: RolloutSpec;
  /** Of observations; undefined where they are not normalized. */
  readonly observations: Statistics | undefined;
  /** The caller's text. */
  readonly note: string;
  /** Bytes of the file. */
  readonly size: number;
  /**
   * @param name - A parameter, by PyTorch's name.
   * @param shape - Its shape.
   * @returns Its numbers, copied.
   * @throws {@link CheckpointError} where it is not there, or not as it must be.
   */
  floats(name: string, shape: readonly number[]): Float32Array;
}

const FOREIGN = 'Make an agent of the same shape and give it these weights as a state dict.';
/** Largest count and mean of statistics. */
const LARGEST = 1e100;

/**
 * Reads a file that `agent.save()` wrote, of any version, as far as acting needs it: neither the optimizer nor the streams of random numbers. A parameter is
 * looked for and copied when it is asked for.
 *
 * @param bytes - The file.
 * @returns What it says.
 * @throws {@link CheckpointError} naming what is wrong.
 */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const file = new Safetensors(bytes);
  if (file.metadata['format'] !== 'innate') {
    throw damaged('holds no innate agent, only tensors (an export from PyTorch?).', undefined, FOREIGN);
  }
  const text = (name: string): string => {
    const section = file.metadata[name];
    if (typeof section !== 'string') {
      throw damaged('is missing in the metadata.', name);
    }
    return section;
  };
  const object = (name: string): Fields => new Fields(name, parseJson(text(name), name, file.size));
  const version = text('version');
  if (version !== '1' && version !== '2') {
    throw newer('version', `is ${clip(version)}, and this release reads 1 and 2`);
  }
  const said = version === '1' ? readFirst(object('config')) : readSecond(object, 'normalization' in file.metadata);
  checkRollout(said.rollout, said.model);
  return { ...said, note: text('note'), size: file.size, floats: (name, shape) => file.floats(name, shape) };
}

type Said = Pick<Checkpoint, 'model' | 'rollout' | 'observations'>;

function readSecond(object: (name: string) => Fields, normalized: boolean): Said {
  const model = readModel(object('model'));
  const rollout = object('rollout');
  const said = { model, rollout: readRollout(rollout), observations: undefined };
  rollout.end();
  if (!normalized) {
    return said;
  }
  const normalization = object('normalization');
  const observations = readStatistics(normalization.objectOrNull('observations'), observedBy(model).dense);
  normalization.take('returns');
  normalization.end();
  return { ...said, observations };
}

/** Version 1: one kind of network, described together with its rollouts. */
function readFirst(config: Fields): Said {
  const vocabulary = config.size('vocabSize');
  const model = checkModel({
    vocabulary,
    encoder: { kind: 'pooled', stages: config.size('stageCount'), pooling: config.choice('pooling', ['own', 'batch']), values: false },
    inputs: [{ kind: 'previousAction' }],
    layers: 1,
    hidden: config.size('hiddenSize'),
    recurrent: true,
    attendsPrompt: false,
    window: 0,
    actions: vocabulary,
  });
  return { model, rollout: readRollout(config), observations: undefined };
}

function readRollout(fields: Fields): RolloutSpec {
  return { horizon: fields.size('horizon'), startToken: fields.size('startToken'), actionMask: fields.mask('actionMask') };
}

function checkRollout({ horizon, startToken, actionMask }: RolloutSpec, model: ModelSpec): void {
  range('horizon', horizon);
  range('startToken', startToken + 1, embeds(model) ? model.vocabulary : Infinity);
  if (actionMask !== undefined && (actionMask.length !== model.actions || !actionMask.includes(true))) {
    throw damaged(`must have ${model.actions} entries, and allow one.`, 'actionMask');
  }
}

function readStatistics(fields: Fields | undefined, width: number): Statistics | undefined {
  if (fields === undefined) {
    return undefined;
  }
  const statistics = { count: fields.number('count'), mean: fields.numbers('mean'), variance: fields.numbers('variance') };
  fields.end();
  const { count, mean, variance } = statistics;
  const within = (values: readonly number[], least: number, most: number): boolean =>
    values.every((value) => value >= least && value <= most);
  const counts = mean.length === width && variance.length === width && count >= 0;
  if (!(counts && within(mean, -LARGEST, LARGEST) && within(variance, 0, LARGEST ** 2))) {
    throw damaged(`cannot be the statistics of ${width} numbers.`, fields.path);
  }
  return statistics;
}
