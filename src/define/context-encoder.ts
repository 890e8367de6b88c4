import { TaskError } from '../errors/task-error.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import type { CallSite } from './call-site.js';
import type { StageDeclaration, TaskDefinition } from './definition.js';
import { stageAt } from './stage-names.js';
import type { SymbolIds } from './symbol-ids.js';
import type { TokenLayout } from './token-layout.js';
import type { ToolBatch } from './tool-task.js';

/** Turns problems into contexts: the symbols that a definition's `encode` returns, the start token, padding. */
export class ContextEncoder<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #site: CallSite;
  readonly #layout: TokenLayout<Tool>;
  readonly #symbols: SymbolIds;

  /**
   * @param definition - A valid definition.
   * @param site - Whose guard is around every call.
   * @param layout - Its tokens.
   * @param symbols - Its symbols.
   */
  constructor(
    definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
    site: CallSite,
    layout: TokenLayout<Tool>,
    symbols: SymbolIds,
  ) {
    this.#definition = definition;
    this.#site = site;
    this.#layout = layout;
    this.#symbols = symbols;
  }

  /** Makes a batch, unguarded. */
  encode(problems: readonly Problem[], stages: Int32Array): ToolBatch<Problem> {
    const site = this.#site;
    const { contextLength: fixed, contextValues, padding, encode, stages: declared } = this.#definition;
    const { startToken, padToken } = this.#layout;
    site.where = 'task.encode';
    let contextLength = fixed ?? 1;
    const rows = problems.map((problem, index) => {
      site.problemIndex = index;
      const row = this.#symbols.row(encode(problem, stageAt(declared, stages[index] ?? -1)), site.where);
      if (fixed !== undefined && row.length >= fixed) {
        throw new TaskError(`returned ${row.length} symbols, which with the start token exceed the context length ${fixed}.`, {
          path: site.where,
          remedy: 'Return fewer, or raise contextLength.',
        });
      }
      contextLength = Math.max(contextLength, row.length + 1);
      return row;
    });
    const contexts = new Int32Array(problems.length * contextLength).fill(padToken);
    const values = contextValues === true ? { contextValues: new Float32Array(contexts.length) } : {};
    let start = 0;
    for (const row of rows) {
      site.problemIndex = start / contextLength;
      let at = start;
      for (const entry of row) {
        let symbol = entry;
        if (isRecord(entry) && 'symbol' in entry) {
          symbol = entry['symbol'];
          this.#writeValue(entry, at, values.contextValues);
        }
        const id = this.#symbols.idOf(symbol);
        contexts[at] = id ?? this.#symbols.refuse(symbol, site.where, rows.flat());
        at += 1;
      }
      contexts[at] = startToken;
      start += contextLength;
    }
    const skips = padding !== 'read' && rows.some((row) => row.length + 1 < contextLength);
    const contextLengths = skips ? { contextLengths: Int32Array.from(rows, (row) => row.length + 1) } : {};
    return { size: problems.length, contextLength, contexts, ...contextLengths, ...values, stages, problems };
  }

  /** The number beside a symbol. */
  #writeValue(entry: Readonly<Record<string, unknown>>, at: number, values: Float32Array | undefined): void {
    const path = this.#site.where;
    const symbol = show(entry['symbol']);
    if (values === undefined) {
      throw new TaskError(`returned a number beside ${symbol}.`, {
        path,
        remedy: 'Declare contextValues: true in the definition, or return the symbol alone.',
      });
    }
    const { value } = entry;
    values[at] = typeof value === 'number' ? value : Number.NaN;
    if (!Number.isFinite(values[at])) {
      throw new TaskError(`returned the number ${show(value)} beside ${symbol}.`, {
        path,
        remedy: 'Use a number that is finite in 32 bits, best about −1 to 1.',
      });
    }
  }
}
