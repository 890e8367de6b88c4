import { TaskError } from '../errors/task-error.js';
import { refuseDeferred, silence } from '../task/returned.js';
import { show } from '../util/show.js';
import type { StageDeclaration, TaskDefinition } from './definition.js';
import type { ToolMachine } from './tool-machine.js';
import type { ToolBatch } from './tool-task.js';

/** Turns problems into contexts: the symbols that a definition's `encode` returns, the start token, padding. */
export class ContextEncoder<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #machine: ToolMachine<Problem, State, Tool, Stage, Milestone>;
  readonly #startToken: number;
  readonly #padToken: number;
  readonly #symbolIds: ReadonlyMap<string, number>;

  /**
   * @param definition - A valid definition.
   * @param machine - Its machine, whose guard is around every call.
   * @param padToken - Fills up shorter contexts.
   */
  constructor(
    definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
    machine: ToolMachine<Problem, State, Tool, Stage, Milestone>,
    padToken: number,
  ) {
    this.#definition = definition;
    this.#machine = machine;
    this.#startToken = definition.symbols.length;
    this.#padToken = padToken;
    this.#symbolIds = new Map(definition.symbols.map((text, id) => [text, id]));
  }

  /** Makes a batch, unguarded. */
  encode(problems: readonly Problem[], stages: Int32Array): ToolBatch<Problem> {
    const machine = this.#machine;
    const { contextLength: fixed, encode } = this.#definition;
    machine.where = 'task.encode';
    let contextLength = fixed ?? 1;
    const rows = problems.map((problem, index) => {
      machine.problemIndex = index;
      const row: unknown = encode(problem, machine.stage(stages[index] ?? -1));
      if (!Array.isArray(row)) {
        refuseDeferred(row, machine.where);
        throw new TaskError('did not return an array.', { path: machine.where, remedy: 'Return symbols, as texts or as indices.' });
      }
      if (fixed !== undefined && row.length >= fixed) {
        throw new TaskError(`returned ${row.length} symbols, which with the start token exceed the context length ${fixed}.`, {
          path: machine.where,
          remedy: 'Return fewer, or raise contextLength.',
        });
      }
      contextLength = Math.max(contextLength, row.length + 1);
      return row;
    });
    const contexts = new Int32Array(problems.length * contextLength).fill(this.#padToken);
    let start = 0;
    for (const row of rows) {
      machine.problemIndex = start / contextLength;
      let at = start;
      for (const symbol of row) {
        contexts[at] = this.#symbolId(symbol, rows);
        at += 1;
      }
      contexts[at] = this.#startToken;
      start += contextLength;
    }
    return { size: problems.length, contextLength, contexts, stages, problems };
  }

  #symbolId(symbol: unknown, rows: readonly (readonly unknown[])[]): number {
    const id = typeof symbol === 'string' ? this.#symbolIds.get(symbol) : symbol;
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= this.#startToken) {
      rows.flat().forEach(silence);
      throw new TaskError(`returned ${show(symbol)}, which is no symbol of this task.`, {
        path: 'task.encode',
        remedy: `Return texts listed in symbols, or integers from 0 to ${this.#startToken - 1}.`,
      });
    }
    return id;
  }
}
