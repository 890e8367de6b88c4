import { reads } from '../checkpoint/model-spec.js';
import { Graph } from './graph.js';
import { KEPT } from './history.js';
import type { ModelFile } from './model-file.js';
import { statePorts } from './ports.js';
import { promptInputs, readPrompts } from './reading.js';
import { countsSteps, type ExportSource } from './source.js';
import { stack } from './step-model.js';

/**
 * Prompts in, all that the first step takes out, by the names under which it takes them.
 *
 * @param source - What is exported; its network has an encoder.
 * @param length - Tokens of every context, where that is fixed.
 * @returns The model.
 */
export function encoderModel(source: ExportSource, length: number | undefined): ModelFile {
  const { spec, startToken } = source;
  const graph = new Graph(source.weights);
  const prompts = promptInputs(graph, spec, length);
  const read = readPrompts(graph, spec, prompts, length);
  const state = statePorts(spec, length);
  graph.output(state.hidden, stack(graph, read.states));
  const rows = graph.op('Shape', [prompts.stages]);
  if (reads(spec, 'previousAction')) {
    graph.output(state.previousAction, graph.op('Expand', [graph.ints([startToken]), rows]));
  }
  if (countsSteps(spec)) {
    graph.output(state.step, graph.op('Expand', [graph.ints([0]), rows]));
  }
  if (spec.window > 0) {
    const shape = graph.concat([rows, graph.longs([spec.window, KEPT])], 0);
    graph.output(state.history, graph.op('Expand', [graph.floats([0]), shape]));
  }
  if (spec.attendsPrompt) {
    graph.output(state.memory, read.memory);
    graph.output(state.mask, read.counts);
  }
  return graph.finish({ name: 'encoder', doc: 'Reads prompts, before the first step.', metadata: source.metadata });
}
