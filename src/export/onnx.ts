import { CheckpointError } from '../errors/checkpoint-error.js';
import { encoderModel } from './encoder-model.js';
import { type ModelFile, writeModel } from './model-file.js';
import type { ExportConfig } from './options.js';
import { programModel } from './program-model.js';
import type { ExportSource } from './source.js';
import { stepModel } from './step-model.js';

/** No message of Protocol Buffers has more bytes. */
const MOST_BYTES = 2 ** 31 - 1;
/** Room for all but the constants. */
const ROOM = 2 ** 24;

/**
 * Makes an ONNX file of a network.
 *
 * @param source - The network.
 * @param config - What the file is to do.
 * @returns The file.
 * @throws {@link CheckpointError} when it would have 2 GiB or more.
 */
export function onnxFile(source: ExportSource, config: ExportConfig): Uint8Array {
  const model = make(source, config);
  const size = model.constants.reduce((sum, { bytes }) => sum + bytes.length, ROOM);
  if (size > MOST_BYTES) {
    throw new CheckpointError(`An ONNX file holds less than 2 GiB, and this agent's would have ${(size / 2 ** 30).toFixed(1)} GiB.`, {
      remedy: 'Train an agent with a smaller hiddenSize, or fewer layers.',
    });
  }
  return writeModel(model);
}

function make(source: ExportSource, { form, deterministic, contextLength }: ExportConfig): ModelFile {
  switch (form) {
    case 'step':
      return stepModel(source, contextLength);
    case 'encoder':
      return encoderModel(source, contextLength);
    default:
      return programModel(source, contextLength, deterministic);
  }
}
