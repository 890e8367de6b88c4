import { damaged, newer } from './fault.js';
import { Fields } from './fields.js';
import { parseJson } from './json.js';
import { checkModel, embeds, type ModelSpec, observedBy, readModel } from './model-spec.js';
import { parametersOf } from './parameters.js';
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
   * @returns Its numbers, copied.
   */
  floats(name: string): Float32Array;
}

const VECTORS = ['', 'adam.exp_avg.', 'adam.exp_avg_sq.'] as const;
const FOREIGN = 'Make an agent of the same shape and give it these weights as a state dict.';
/** Largest count and mean of statistics. */
const LARGEST = 1e100;

/**
 * Reads a file that `agent.save()` wrote, of any version. Only the parameters are copied, and only when they are asked for.
 *
 * @param bytes - The file.
 * @returns What it says.
 * @throws {@link CheckpointError} naming what is wrong.
 */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const file = new Safetensors(bytes);
  const sections = file.metadata();
  if (sections.get('format') !== 'innate') {
    throw damaged('holds no innate agent, only tensors (an export from PyTorch?).', undefined, FOREIGN);
  }
  const text = (name: string): string => {
    const section = sections.get(name);
    if (section === undefined) {
      throw damaged('is missing in the metadata.', name);
    }
    return section;
  };
  const object = (name: string): Fields => new Fields(name, parseJson(text(name), name, file.size));
  const version = wholeNumber(text('version'), 'version');
  if (version < 1 || version > 2) {
    const reason = `is ${version}, and this release reads versions 1 and 2`;
    throw version > 2 ? newer('version', reason) : damaged(`${reason}.`, 'version');
  }
  const said = version === 1 ? readFirst(text, object) : readSecond(sections, object);
  checkRollout(said.rollout, said.model);
  const shapes = parametersOf(said.model);
  file.check(new Map(VECTORS.flatMap((vector) => Array.from(shapes, ([name, shape]) => [`${vector}${name}`, shape] as const))));
  return { ...said, note: text('note'), size: file.size, floats: (name) => file.floats(name) };
}

type Said = Pick<Checkpoint, 'model' | 'rollout' | 'observations'>;

function readSecond(sections: ReadonlyMap<string, string>, object: (name: string) => Fields): Said {
  const model = readModel(object('model'));
  const rollout = object('rollout');
  const said = { model, rollout: readRollout(rollout), observations: undefined };
  rollout.end();
  const optimizer = object('optimizer');
  optimizer.choice('kind', ['adam']);
  optimizer.size('step');
  optimizer.end();
  const streams = object('streams');
  streams.size('seed');
  streams.size('rollouts');
  streams.end();
  if (!sections.has('normalization')) {
    return said;
  }
  const normalization = object('normalization');
  const observations = readStatistics(normalization.objectOrNull('observations'), observedBy(model).dense);
  readStatistics(normalization.objectOrNull('returns'), 1);
  normalization.end();
  return { ...said, observations };
}

/** Version 1: one kind of network, described together with its rollouts. */
function readFirst(text: (name: string) => string, object: (name: string) => Fields): Said {
  for (const name of ['seed', 'rollouts', 'adam.step']) {
    wholeNumber(text(name), name);
  }
  const config = object('config');
  const vocabulary = config.size('vocabSize');
  const model = checkModel({
    vocabulary,
    encoder: { kind: 'pooled', stages: config.size('stageCount'), pooling: config.choice('pooling', ['own', 'batch']) },
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
  if (horizon < 1 || horizon > 2 ** 20) {
    throw damaged(`must be between 1 and ${2 ** 20}, got ${horizon}.`, 'horizon');
  }
  if (embeds(model) && startToken >= model.vocabulary) {
    throw damaged(`must be below the vocabulary size ${model.vocabulary}, got ${startToken}.`, 'startToken');
  }
  if (actionMask !== undefined && (actionMask.length !== model.actions || !actionMask.includes(true))) {
    throw damaged(`must have one entry an action, ${model.actions} in all, and allow one of them.`, 'actionMask');
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
    values.length === width && values.every((value) => value >= least && value <= most);
  if (!(count >= 0 && count <= LARGEST && within(mean, -LARGEST, LARGEST) && within(variance, 0, LARGEST ** 2))) {
    throw damaged(`cannot be the statistics of ${width} numbers.`, fields.path);
  }
  return statistics;
}

function wholeNumber(text: string, path: string): number {
  const number = /^\+?\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw damaged('must be a whole number.', path);
  }
  return number;
}
