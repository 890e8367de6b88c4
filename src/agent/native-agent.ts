import { DEFAULT_UPDATE, readUpdateOptions, type UpdateConfig } from '../algorithm/a2c.js';
import { throwDifferences } from '../checkpoint/differences.js';
import { makeNote, type Note, readNote } from '../checkpoint/note.js';
import { OptionsError } from '../errors/options-error.js';
import { attentionOf, type DirectionOption, type EncoderOption } from '../infer/info.js';
import type { BindingAgent, BindingAgentOptions } from '../native/binding.js';
import { guardedAsync } from '../native/error.js';
import { readFilePath } from '../util/file-path.js';
import { Issues } from '../util/issues.js';
import { OptionReader } from '../util/option-reader.js';
import { chooseReading, looksBack, looksUpPrompt, type Reading } from './architecture.js';
import { onDevice } from './device.js';
import { type AgentInfo, compareTask } from './info.js';
import { type AgentLoadOptions, type NetworkConfig, readRuntimeOptions, readTask } from './options.js';

/** The native side of an agent, and what this side knows of it. */
export interface NativeAgent {
  readonly native: BindingAgent;
  readonly note: Note;
  readonly info: AgentInfo;
}

/**
 * @param config - What to make.
 * @returns A native agent with fresh weights.
 */
export async function createNative({ use, task, seed, network, runtime, update }: NetworkConfig): Promise<NativeAgent> {
  const { hiddenSize, layers, memory, clock, historyWindow = 128 } = network;
  const { vocabSize, stageCount, horizon, startToken, actionMask, pooling, contextValues, discrete, dense, spaces } = use;
  const observed = { ...(discrete.length === 0 ? {} : { discrete: [...discrete] }), ...(dense === 0 ? {} : { dense }) };
  const prompted = spaces === undefined ? chooseReading(network, task) : undefined;
  const acting = prompted === undefined ? { actions: vocabSize - 1, encoder: 'none', episodeStart: true } : reading(prompted);
  const history = memory && looksBack((prompted ?? network).attention) ? { historyWindow } : {};
  const { value, reason } = await onDevice(runtime, ({ BindingAgent }, device, engine) =>
    BindingAgent.create({
      vocabSize,
      stageCount,
      hiddenSize,
      layers,
      ...(memory ? {} : { recurrent: false }),
      horizon,
      startToken,
      pooling,
      ...(contextValues ? { readsValues: true } : {}),
      ...(actionMask === undefined ? {} : { actionMask }),
      ...observed,
      ...acting,
      ...history,
      ...(clock ? { clock } : {}),
      seed,
      device,
      engine,
      threads: runtime.threads,
    }),
  );
  return describe(value, makeNote(use, update), reason);
}

/** Where nothing is said, contexts are pooled and nothing is attended to. */
function reading({ encoder, direction, attention }: Reading): Pick<BindingAgentOptions, 'encoder' | 'readsBackward' | 'attendsPrompt'> {
  return {
    ...(encoder === 'gru' ? { encoder: 'recurrent', readsBackward: direction === 'backward' } : {}),
    ...(looksUpPrompt(attention) ? { attendsPrompt: true } : {}),
  };
}

/**
 * @param path - The file.
 * @param options - What is chosen anew.
 * @returns The native agent of a file.
 */
export async function loadNative(path: string | URL, options: AgentLoadOptions): Promise<NativeAgent> {
  const issues = new Issues();
  const file = readFilePath(path, issues);
  const reader = new OptionReader(options, issues);
  const runtime = readRuntimeOptions(reader);
  const task = readTask(reader);
  const update = (fallback: UpdateConfig): UpdateConfig => readUpdateOptions(reader, fallback);
  update(DEFAULT_UPDATE);
  reader.finish();
  issues.throwIfAny(OptionsError);
  const { value, reason } = await onDevice(runtime, ({ BindingAgent }, device, engine) =>
    BindingAgent.load(file, device, engine, runtime.threads),
  );
  const stored = readNote(value.note());
  const contextLength = stored.contextLength ?? task?.contextLength;
  const loaded = describe(value, { ...stored, contextLength, update: update(stored.update) }, reason);
  const differences = new Issues();
  if (task !== undefined) {
    compareTask(loaded.info, task, 'Load it with the task it was made for.', differences.at('task'));
  }
  try {
    throwDifferences(differences, file);
  } catch (error) {
    await guardedAsync(() => value.close());
    throw error;
  }
  return loaded;
}

function encoderOf({ encoder }: BindingAgentOptions): EncoderOption | undefined {
  if (encoder === 'none') {
    return undefined;
  }
  return encoder === 'recurrent' ? 'gru' : 'mean';
}

function directionOf({ encoder, readsBackward }: BindingAgentOptions): DirectionOption | undefined {
  if (encoder !== 'recurrent') {
    return undefined;
  }
  return readsBackward === true ? 'backward' : 'forward';
}

function describe(native: BindingAgent, note: Note, deviceReason: string | undefined): NativeAgent {
  const { options } = native;
  const info: AgentInfo = Object.freeze({
    taskName: note.task,
    vocabulary: note.vocabulary,
    stages: note.stages,
    vocabSize: options.vocabSize,
    stageCount: options.stageCount,
    hiddenSize: options.hiddenSize,
    layers: options.layers,
    memory: options.recurrent !== false,
    encoder: encoderOf(options),
    direction: directionOf(options),
    attention: attentionOf(options.attendsPrompt === true, options.historyWindow !== undefined),
    historyWindow: options.historyWindow,
    clock: options.clock === true,
    horizon: options.horizon,
    contextLength: note.contextLength,
    contextValues: options.readsValues === true,
    startToken: options.startToken,
    actionMask: options.actionMask,
    pooling: options.pooling === 'batch' ? 'batch' : 'own',
    observationSpace: note.spaces?.observationSpace,
    actionSpace: note.spaces?.actionSpace,
    observed: Object.freeze({ dense: options.dense ?? 0, discrete: Object.freeze([...(options.discrete ?? [])]) }),
    seed: options.seed,
    device: options.device === 'cuda' ? 'cuda' : 'cpu',
    deviceReason,
    engine: options.engine === 'plain' ? 'plain' : 'fused',
    threads: options.threads,
    update: note.update,
  });
  return { native, note, info };
}
