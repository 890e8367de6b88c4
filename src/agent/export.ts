import { Fields } from '../checkpoint/fields.js';
import { readModel } from '../checkpoint/model-spec.js';
import { InputError } from '../errors/input-error.js';
import { onnxFile } from '../export/onnx.js';
import { type ExportForm, type ExportOptions, readExportOptions } from '../export/options.js';
import type { BindingAgent } from '../native/binding.js';
import { guardedAsync } from '../native/error.js';
import { plainSpace } from '../spaces/plain.js';
import { readFilePath } from '../util/file-path.js';
import { Issues } from '../util/issues.js';
import type { AgentInfo } from './info.js';
import { toStateDict } from './state-dict.js';

/**
 * Writes an agent as an ONNX file.
 *
 * @param native - The agent.
 * @param info - What is known of it.
 * @param path - The file.
 * @param options - What the file is to do.
 */
export async function exportOnnx(native: BindingAgent, info: AgentInfo, path: string | URL, options: ExportOptions): Promise<void> {
  const issues = new Issues();
  const file = readFilePath(path, issues);
  issues.throwIfAny(InputError);
  const spec = readModel(new Fields('model', JSON.parse(native.model)));
  const { horizon, startToken, actionMask, contextLength } = info;
  const config = readExportOptions(options, { spec, horizon, contextLength });
  // Both are asked for at once: nothing comes in between.
  const [tensors, statistics] = await guardedAsync(() => Promise.all([native.stateDict(), native.observationStatistics()]));
  const source = { spec, horizon, startToken, actionMask, statistics: statistics ?? undefined, metadata: metadataOf(info, config.form) };
  const bytes = onnxFile({ ...source, weights: toStateDict(tensors) }, config);
  await guardedAsync(() => native.writeFile(file, bytes));
}

/** What the numbers mean, for whoever loads the file: texts, those of several parts as JSON. */
function metadataOf(info: AgentInfo, form: ExportForm): Record<string, string> {
  const { taskName, vocabulary, stages, observationSpace, actionSpace, horizon, startToken, actionMask } = info;
  const acts = observationSpace !== undefined && actionSpace !== undefined;
  const said = {
    form,
    task: taskName,
    vocabulary,
    stages,
    start_token: startToken,
    ...(acts
      ? { observation_space: plainSpace(observationSpace), action_space: plainSpace(actionSpace) }
      : { horizon, action_mask: actionMask && Array.from(actionMask) }),
  };
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [`innate.${key}`, typeof value === 'string' ? value : JSON.stringify(value)]));
}
