import { TaskError } from '../errors/task-error.js';
import type { CallSite } from './call-site.js';
import type { StageDeclaration, TaskDefinition } from './definition.js';
import { stageAt } from './stage-names.js';
import type { SymbolIds } from './symbol-ids.js';
import type { MachineRun } from './task-machine.js';

const NOTHING: readonly number[] = [];

/** What the network hears. Its methods are unguarded. */
export class Observer<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  /** The most symbols heard before a step, `K`. */
  readonly length: number;
  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #site: CallSite;
  readonly #symbols: SymbolIds;

  /**
   * @param definition - A valid definition.
   * @param site - Whose guard is around every call.
   * @param symbols - Its symbols.
   */
  constructor(definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>, site: CallSite, symbols: SymbolIds) {
    this.#definition = definition;
    this.#site = site;
    this.#symbols = symbols;
    this.length = definition.observe === undefined ? 0 : (definition.observationLength ?? 0);
  }

  /** The ids heard before the next token: none within a call, and none when the program is over. */
  hear(run: MachineRun<Problem, State>): readonly number[] {
    const { observe, stages } = this.#definition;
    if (observe === undefined || run.ended || run.truncated === true || run.pending !== undefined) {
      return NOTHING;
    }
    const site = this.#site;
    site.where = 'task.observe';
    const row = this.#symbols.row(observe(run.state, run.problem, stageAt(stages, run.stage)), site.where);
    if (row.length > this.length) {
      throw new TaskError(`returned ${row.length} symbols, and observationLength is ${this.length}.`, {
        path: site.where,
        remedy: 'Return fewer, or raise observationLength.',
      });
    }
    return row.map((symbol) => this.#symbols.idOf(symbol) ?? this.#symbols.refuse(symbol, site.where, row));
  }
}
