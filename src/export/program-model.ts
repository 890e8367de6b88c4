import { type ModelSpec, reads } from '../checkpoint/model-spec.js';
import { logProb, mostProbable, sampled } from './choice.js';
import { Graph, type Value } from './graph.js';
import { look, lookBack } from './history.js';
import type { ModelFile } from './model-file.js';
import { clockAt, readInputs, runHeads, runLayers } from './network.js';
import { programPorts } from './ports.js';
import { attendPrompt, promptInputs, readPrompts } from './reading.js';
import { allowedOf, type ExportSource } from './source.js';

/**
 * Prompts in, whole programs out: the steps one after another in one graph.
 *
 * @param source - What is exported; its network has an encoder, and observes nothing.
 * @param length - Tokens of every context, where that is fixed.
 * @param deterministic - Whether the most probable tokens are taken; otherwise uniforms are an input.
 * @returns The model.
 */
export function programModel(source: ExportSource, length: number | undefined, deterministic: boolean): ModelFile {
  const { spec, horizon, startToken } = source;
  const graph = new Graph(source.weights);
  const prompts = promptInputs(graph, spec, length);
  const ports = programPorts(horizon);
  const uniforms = deterministic ? [] : graph.split(graph.input(ports.uniforms), horizon, 1);
  const read = readPrompts(graph, spec, prompts, length);
  const ever = allowedOf(source);
  const allowed = ever && graph.bools(ever);
  const rows = graph.op('Shape', [prompts.stages]);

  let states = read.states;
  let previousAction = graph.op('Expand', [graph.ints([startToken]), rows]);
  const past: Value[] = [];
  const columns: Record<'actions' | 'logProbs' | 'values', Value[]> = { actions: [], logProbs: [], values: [] };
  for (let t = 0; t < horizon; t += 1) {
    const constant = (numbers: readonly number[]): Value => {
      const shape = graph.concat([rows, graph.longs([numbers.length])], 0);
      return graph.op('Expand', [graph.floats(numbers, [1, numbers.length]), shape]);
    };
    const clock = reads(spec, 'clock') ? constant(clockAt(t)) : undefined;
    const episodeStart = reads(spec, 'episodeStart') ? constant([t === 0 ? 1 : 0]) : undefined;
    const x = readInputs(graph, spec, { previousAction, episodeStart, clock, discrete: undefined, dense: undefined });
    const after = runLayers(graph, spec, x, states);
    const top = after.at(-1) as Value;
    const heard = [top, ...(spec.attendsPrompt ? [attendPrompt(graph, spec, top, read)] : [])];
    if (spec.window > 0) {
      heard.push(lookAt(graph, spec, top, clock, past));
    }
    const { logits, value } = runHeads(graph, heard, allowed);
    const action = deterministic ? mostProbable(graph, logits) : sampled(graph, logits, spec.actions, uniforms[t] as Value);
    columns.actions.push(action);
    columns.logProbs.push(logProb(graph, logits, action));
    columns.values.push(value);
    previousAction = action;
    states = !spec.recurrent ? states : after;
  }
  for (const [name, of] of Object.entries(columns) as ['actions' | 'logProbs' | 'values', Value[]][]) {
    graph.output(
      ports[name],
      graph.concat(
        of.map((column) => graph.unsqueeze(column, 1)),
        1,
      ),
    );
  }
  return graph.finish({ name: 'program', doc: 'Emits whole programs.', metadata: source.metadata });
}

/** Attention over the steps before, to which this one is added. */
function lookAt(graph: Graph, spec: ModelSpec, state: Value, clock: Value | undefined, past: Value[]): Value {
  const { queries, kept } = look(graph, state, clock);
  const steps = Math.min(past.length, spec.window);
  // At the first step nothing is seen, so zeros are read.
  const result =
    steps === 0
      ? graph.op('Mul', [lookBack(graph, spec, queries, kept, 1, undefined), graph.floats([0], [])])
      : lookBack(graph, spec, queries, graph.concat(past.slice(-steps), 1), steps, undefined);
  past.push(kept);
  return result;
}
