import { reads } from '../checkpoint/model-spec.js';
import { MOST_DEVIATIONS, VARIANCE_EPSILON } from '../checkpoint/normalization.js';
import { mostProbable } from './choice.js';
import { Graph, type Value } from './graph.js';
import { look, lookBack } from './history.js';
import type { ModelFile, Port } from './model-file.js';
import { AROUND, clockAt, readInputs, runHeads, runLayers } from './network.js';
import { next, observationPorts, type StatePorts, statePorts, stepPorts } from './ports.js';
import { attendPrompt } from './reading.js';
import { allowedOf, countsSteps, type ExportSource, type Statistics } from './source.js';

/** Above this the steps of an episode are counted down by what takes the clock around: a count is to stay a 32-bit number. */
const MOST_STEPS = 2 ** 30;

/**
 * One step: observation and states in, logits, value and states out.
 *
 * @param source - What is exported.
 * @param length - Tokens of every context, where that is fixed.
 * @returns The model.
 */
export function stepModel(source: ExportSource, length: number | undefined): ModelFile {
  const { spec } = source;
  const graph = new Graph(source.weights);
  const [state, said] = [statePorts(spec, length), stepPorts(spec)];
  const observed = observationPorts(spec);
  const dense = observed.dense && normalize(graph, graph.input(observed.dense), source.statistics);
  const discrete = observed.discrete && graph.input(observed.discrete);
  const starts = spec.encoder.kind === 'none' ? graph.input(said.start) : undefined;
  const before = readStates(graph, source, state, starts);
  const allowed = allowNow(graph, graph.input(said.allowed), allowedOf(source));

  const clock =
    before.step !== undefined && reads(spec, 'clock')
      ? graph.op('Gather', [clockTable(graph), graph.op('Mod', [before.step, graph.ints([AROUND], [])])], { axis: 0 })
      : undefined;
  const episodeStart = reads(spec, 'episodeStart') ? beginning(graph, starts, before.step) : undefined;
  const x = readInputs(graph, spec, { previousAction: before.previousAction, episodeStart, clock, discrete, dense });
  const states = runLayers(graph, spec, x, before.states);
  const top = states.at(-1) as Value;
  const read = [top];
  if (spec.attendsPrompt) {
    read.push(attendPrompt(graph, spec, top, { memory: graph.input(state.memory), counts: graph.input(state.mask) }));
  }
  let history: Value | undefined;
  if (spec.window > 0) {
    const { window } = spec;
    const past = graph.input(state.history);
    const { queries, kept } = look(graph, top, clock);
    read.push(lookBack(graph, spec, queries, past, window, seenOf(graph, before.step as Value, window)));
    history = window === 1 ? kept : graph.concat([slice(graph, past, 1, window, 1), kept], 1);
  }
  const { logits, value } = runHeads(graph, read, allowed);

  graph.output(said.logits, logits);
  graph.output(said.value, value);
  graph.output(said.action, mostProbable(graph, logits));
  const after: readonly (readonly [Port, Value | undefined])[] = [
    [state.hidden, !spec.recurrent ? undefined : stack(graph, states)],
    [state.step, before.step && stepAfter(graph, before.step)],
    [state.history, history],
  ];
  for (const [port, result] of after) {
    if (result !== undefined) {
      graph.output(next(port), result);
    }
  }
  return graph.finish({ name: 'step', doc: 'One step of a recurrent policy.', metadata: source.metadata });
}

/** `(x − mean) / √(variance + ε)`, at most 10. The mean is two 32-bit numbers, so that nothing is lost where it is large. */
function normalize(graph: Graph, x: Value, statistics: Statistics | undefined): Value {
  if (statistics === undefined) {
    return x;
  }
  const mean = Float32Array.from(statistics.mean);
  const rest = statistics.mean.map((each, index) => each - (mean[index] as number));
  const deviation = statistics.variance.map((each) => Math.sqrt(each + VARIANCE_EPSILON));
  const centred = graph.op('Sub', [graph.op('Sub', [x, graph.floats(mean)]), graph.floats(rest)]);
  const scaled = graph.op('Div', [centred, graph.floats(deviation)]);
  return graph.op('Clip', [scaled, graph.floats([-MOST_DEVIATIONS], []), graph.floats([MOST_DEVIATIONS], [])]);
}

interface Before {
  readonly states: readonly Value[];
  readonly previousAction: Value | undefined;
  readonly step: Value | undefined;
}

/** What the step before left, or what stands in its place where an episode begins. */
function readStates(graph: Graph, { spec, startToken }: ExportSource, ports: StatePorts, starts: Value | undefined): Before {
  const step = countsSteps(spec) ? graph.input(ports.step) : undefined;
  const previous = reads(spec, 'previousAction') ? graph.input(ports.previousAction) : undefined;
  const or = (instead: Value, value: Value | undefined, flags = starts): Value | undefined =>
    value === undefined || flags === undefined ? value : graph.op('Where', [flags, instead, value]);
  const rest = { step: or(graph.ints([0], []), step), previousAction: or(graph.ints([startToken], []), previous) };
  if (starts !== undefined && !spec.recurrent) {
    const shape = graph.concat([graph.op('Shape', [starts]), graph.longs([spec.hidden])], 0);
    return { ...rest, states: new Array<Value>(spec.layers).fill(graph.op('Expand', [graph.floats([0]), shape])) };
  }
  const begins = starts && graph.unsqueeze(graph.unsqueeze(starts, 1), 2);
  const hidden = or(graph.floats([0], []), graph.input(ports.hidden), begins) as Value;
  return { ...rest, states: graph.split(hidden, spec.layers, 1).map((layer) => graph.squeeze(layer, 1)) };
}

/** What both masks allow. */
function allowNow(graph: Graph, now: Value, ever: readonly boolean[] | undefined): Value {
  return ever === undefined ? now : graph.op('And', [now, graph.bools(ever)]);
}

function clockTable(graph: Graph): Value {
  const rows = Array.from({ length: AROUND }, (_, step) => clockAt(step));
  return graph.floats(rows.flat(), [AROUND, (rows[0] as number[]).length]);
}

/** 1 where an episode begins, `[n, 1]`. */
function beginning(graph: Graph, starts: Value | undefined, step: Value | undefined): Value {
  const flags = starts ?? graph.op('Equal', [step as Value, graph.ints([0], [])]);
  return graph.unsqueeze(graph.cast(flags, 'float'), 1);
}

/** Which of the `window` steps before belong to the episode, `[n, 1, window]`. */
function seenOf(graph: Graph, step: Value, window: number): Value {
  const back = graph.ints(Array.from({ length: window }, (_, index) => window - index));
  return graph.op('LessOrEqual', [back, graph.unsqueeze(graph.unsqueeze(step, 1), 2)]);
}

function stepAfter(graph: Graph, step: Value): Value {
  const wraps = graph.op('Less', [step, graph.ints([MOST_STEPS], [])]);
  return graph.op('Add', [step, graph.op('Where', [wraps, graph.ints([1], []), graph.ints([1 - AROUND], [])])]);
}

function slice(graph: Graph, value: Value, from: number, to: number, axis: number): Value {
  return graph.op('Slice', [value, graph.longs([from]), graph.longs([to]), graph.longs([axis])]);
}

/**
 * @param graph - Where it is put.
 * @param states - Of all layers, `[n, H]` each.
 * @returns `[n, layers, H]`
 */
export function stack(graph: Graph, states: readonly Value[]): Value {
  return graph.concat(
    states.map((state) => graph.unsqueeze(state, 1)),
    1,
  );
}
