import { TaskError } from '../errors/task-error.js';
import { refuseDeferred, silence } from '../task/returned.js';
import { show } from '../util/show.js';

/** Symbols, as texts or as indices, to token ids. */
export class SymbolIds {
  readonly #ids: ReadonlyMap<string, number>;

  /** @param symbols - Texts by id. */
  constructor(symbols: readonly string[]) {
    this.#ids = new Map(symbols.map((text, id) => [text, id]));
  }

  /**
   * Refuses what is no list of symbols.
   *
   * @param row - What a function returned.
   * @param path - The function.
   * @returns The list.
   * @throws {@link TaskError} for anything but an array.
   */
  row(row: unknown, path: string): readonly unknown[] {
    if (!Array.isArray(row)) {
      refuseDeferred(row, path);
      throw new TaskError('did not return an array.', { path, remedy: 'Return symbols, as texts or as indices.' });
    }
    return row;
  }

  /**
   * @param symbol - What a function returned.
   * @returns Token id; undefined for what is no symbol.
   */
  idOf(symbol: unknown): number | undefined {
    const id = typeof symbol === 'string' ? this.#ids.get(symbol) : symbol;
    return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < this.#ids.size ? id : undefined;
  }

  /**
   * Refuses what is no symbol.
   *
   * @param symbol - What a function returned.
   * @param path - The function.
   * @param others - All that it returned, of which promises are silenced.
   * @throws {@link TaskError} always.
   */
  refuse(symbol: unknown, path: string, others: readonly unknown[]): never {
    others.forEach(silence);
    throw new TaskError(`returned ${show(symbol)}, which is no symbol of this task.`, {
      path,
      remedy: `Return texts listed in symbols, or integers from 0 to ${this.#ids.size - 1}.`,
    });
  }
}
