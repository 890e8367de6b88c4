import type { Shown } from '../../agent/shown.js';
import { hasMachine } from '../../define/check/has-machine.js';
import { isTaskError } from '../../errors/task-error.js';
import { checkedScore } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import type { Issues } from '../../util/issues.js';
import { firstToken } from '../collect/converse.js';
import { makeScores } from '../collect/scores.js';
import type { Demonstrations } from './demonstrations.js';
import type { ReadProgram } from './programs.js';

/** Programs of one stage, or those that come with a context. */
interface Block {
  readonly programs: readonly ReadProgram[];
  /** Absent: contexts were given. */
  readonly batch: ProblemBatch | undefined;
  /** `[rows, length]`. */
  readonly contexts: Int32Array;
  readonly length: number;
  /** Tokens of each context that count; absent: all. */
  readonly lengths: Int32Array | undefined;
  /** Numbers beside the tokens, `[rows, length]`; absent: none. */
  readonly values: Float32Array | undefined;
}

/** Where the steps of all programs are written. */
interface Sheet extends Required<Pick<Shown, 'actions' | 'weights'>> {
  readonly heard: Int32Array | undefined;
  readonly allowed: Uint8Array | undefined;
  successes: number;
}

/**
 * Lays programs out: encodes their problems, and lets the task say where each ends and, in closed loop, what is heard and allowed on the way.
 *
 * @param task - The task.
 * @param programs - What was read, at least one.
 * @param issues - Where issues are added, at the programs' own place.
 * @returns What is imitated; meaningful only when no issue was added.
 * @throws {@link TaskError} when a function of the task throws, but for a problem that it cannot encode.
 */
export function demonstrate(task: Task, programs: readonly ReadProgram[], issues: Issues): Demonstrations | undefined {
  const blocks = blocksOf(task, programs, issues);
  if (issues.list.length > 0) {
    return undefined;
  }
  const { horizon, interaction } = task;
  const count = programs.length;
  const vocabSize = task.vocabulary.length;
  const { observationLength = 0, masked = false } = interaction ?? {};
  const cells = count * horizon;
  const sheet: Sheet = {
    actions: new Int32Array(cells).fill(firstToken(task)),
    weights: new Float32Array(cells),
    heard: observationLength === 0 ? undefined : new Int32Array(cells * observationLength).fill(vocabSize),
    allowed: masked ? new Uint8Array(cells * vocabSize).fill(1) : undefined,
    successes: 0,
  };
  const length = Math.max(...blocks.map((block) => block.length));
  const contexts = new Int32Array(count * length).fill(hasMachine(task) ? task.padToken : 0);
  // Contexts that the task pads count as far as it says; others in full.
  const padded = blocks.some((block) => block.lengths !== undefined);
  const contextLengths = padded ? new Int32Array(count) : undefined;
  const contextValues = task.contextValues === true ? new Float32Array(count * length) : undefined;
  let first = 0;
  for (const block of blocks) {
    block.programs.forEach((_, row) => {
      contexts.set(block.contexts.subarray(row * block.length, (row + 1) * block.length), (first + row) * length);
      contextValues?.set(block.values?.subarray(row * block.length, (row + 1) * block.length) ?? [], (first + row) * length);
      if (contextLengths !== undefined) {
        contextLengths[first + row] = block.lengths?.[row] ?? block.length;
      }
    });
    if (interaction === undefined || block.batch === undefined) {
      writeOpen(task, block, first, sheet);
    } else {
      writeAnswered(task, block.batch, block, first, sheet, issues);
    }
    first += block.programs.length;
  }
  const { actions, weights, heard, allowed, successes } = sheet;
  const stages = Int32Array.from(
    blocks.flatMap((block) => block.programs),
    ({ stage }) => stage,
  );
  const observed = interaction && { rows: count, discrete: heard, dense: undefined, allowed };
  const shown = { contexts, contextLengths, contextValues, stages, actions, weights, observed };
  return { count, shown, successRate: successes / count };
}

function blocksOf(task: Task, programs: readonly ReadProgram[], issues: Issues): Block[] {
  const given = programs.filter(({ problem }) => problem === undefined);
  const blocks: Block[] = [];
  if (given.length > 0) {
    const length = task.contextLength ?? given[0]?.context?.length ?? 0;
    for (const { index, context } of given) {
      if (length === 0 || context?.length !== length) {
        issues.add(`[${index}].context`, `must hold ${length} tokens, as the others do, got ${context?.length}.`, 'Pad it to that length.');
      }
    }
    const contexts = Int32Array.from(given.flatMap(({ context }) => Array.from(context ?? [])));
    const values = Float32Array.from(given.flatMap(({ contextValues }) => Array.from(contextValues ?? [])));
    blocks.push({ programs: given, batch: undefined, contexts, length, lengths: undefined, values });
  }
  for (const stage of task.stages.keys()) {
    const own = programs.filter(({ problem, stage: id }) => problem !== undefined && id === stage);
    const batch = own.length === 0 ? undefined : encode(task, own, stage, issues);
    if (batch !== undefined) {
      const { contexts, contextLength: length, contextLengths: lengths, contextValues: values } = batch;
      blocks.push({ programs: own, batch, contexts, length, lengths, values });
    }
  }
  return blocks;
}

function encode(task: Task, programs: readonly ReadProgram[], stage: number, issues: Issues): ProblemBatch | undefined {
  if (!hasMachine(task)) {
    return undefined;
  }
  try {
    return task.encode(
      programs.map(({ problem }) => problem?.value),
      stage,
    );
  } catch (error) {
    const known = isTaskError(error) ? error : undefined;
    const index = programs[known?.problemIndex ?? -1]?.index;
    if (index === undefined) {
      throw error;
    }
    issues.add(`[${index}].problem`, `cannot be encoded: ${known?.message}`, 'Pass a problem as the task draws it.');
    return undefined;
  }
}

/** Programs whose ends the task says, or nobody. */
function writeOpen(task: Task, { programs, batch }: Block, first: number, sheet: Sheet): void {
  const { horizon } = task;
  const scores = makeScores(programs.length);
  if (batch !== undefined) {
    const fill = hasMachine(task) ? task.padToken : firstToken(task);
    const actions = new Int32Array(programs.length * horizon).fill(fill);
    for (const [row, { tokens }] of programs.entries()) {
      actions.set(tokens, row * horizon);
    }
    checkedScore(task, batch, actions, scores);
  }
  programs.forEach(({ tokens }, row) => {
    const begin = (first + row) * horizon;
    const length = batch === undefined ? tokens.length : Math.min(tokens.length, scores.lengths[row] as number);
    sheet.actions.set(tokens.subarray(0, length), begin);
    sheet.weights.fill(1, begin, begin + length);
    sheet.successes += batch === undefined ? Number.NaN : (scores.successes[row] as number);
  });
}

/** Programs that the task answers step by step. */
function writeAnswered(task: Task, batch: ProblemBatch, { programs }: Block, first: number, sheet: Sheet, issues: Issues): void {
  const { horizon } = task;
  const vocabSize = task.vocabulary.length;
  const episodes = checkedBegin(task, batch);
  const size = programs.length;
  const chosen = new Int32Array(size);
  const observationLength = episodes.heard.length / size;
  const refused = new Uint8Array(size);
  for (let t = 0; t < horizon && episodes.ended.includes(0); t += 1) {
    programs.forEach(({ tokens, index }, row) => {
      const cell = (first + row) * horizon + t;
      sheet.heard?.set(episodes.heard.subarray(row * observationLength, (row + 1) * observationLength), cell * observationLength);
      const allowed = episodes.allowed?.subarray(row * vocabSize, (row + 1) * vocabSize);
      sheet.allowed?.set(allowed ?? [], cell * vocabSize);
      const token = tokens[t];
      const left = allowed === undefined ? firstToken(task) : allowed.indexOf(1);
      const may = token !== undefined && allowed?.[token] !== 0;
      chosen[row] = may ? token : left;
      sheet.actions[cell] = chosen[row] as number;
      if (token !== undefined && !may && episodes.ended[row] === 0 && refused[row] === 0) {
        refused[row] = 1;
        const message = `token ${token} (${task.vocabulary[token]}) is not allowed at this step.`;
        issues.add(`[${index}].tokens[${t}]`, message, 'Use tokens that apply where they stand.');
      }
      sheet.weights[cell] = token !== undefined && episodes.ended[row] === 0 ? 1 : 0;
    });
    episodes.step(chosen);
  }
  const scores = makeScores(size);
  episodes.score(scores);
  sheet.successes += scores.successes.reduce((sum, success) => sum + success, 0);
}
