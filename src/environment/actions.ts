import { EnvironmentError } from '../errors/environment-error.js';
import type { VectorEnvironment } from './vector-environment.js';

/** Where the rows of a vector are. */
export interface Positions {
  /** Steps of each row's episode so far, `[E]`. */
  readonly steps: Float64Array;
  /** Each row's episode, `[E]`, from 0; -1 before the first. */
  readonly episodes: Float64Array;
}

/**
 * Refuses actions that are not one a row, of those there are and are allowed now. Nothing has been stepped then.
 *
 * @param actions - Ids, `[E]`.
 * @param vector - Whose actions.
 * @param positions - Where its rows are.
 * @param ignored - 1 for rows whose action is not taken, `[E]`.
 * @throws {@link EnvironmentError} naming environment, episode and step.
 */
export function checkActions(
  actions: Int32Array,
  { size, actionCount, actionMask }: Pick<VectorEnvironment, 'size' | 'actionCount' | 'actionMask'>,
  { steps, episodes }: Positions,
  ignored?: Uint8Array,
): void {
  if (actions.length !== size) {
    throw new EnvironmentError(`has ${actions.length} ids.`, { path: 'actions', remedy: `Give ${size}, one an environment.` });
  }
  for (let row = 0; row < size; row += 1) {
    const action = actions[row] as number;
    const known = action >= 0 && action < actionCount;
    if (!known || (actionMask !== undefined && actionMask[row * actionCount + action] !== 1 && ignored?.[row] !== 1)) {
      throw new EnvironmentError(known ? `is ${action}, which is forbidden now.` : `is ${action}.`, {
        path: `actions[${row}]`,
        remedy: known ? 'Use an action that the mask allows.' : `Use ids from 0 to ${actionCount - 1}.`,
        environment: row,
        episode: episodes[row],
        step: (steps[row] ?? 0) + 1,
      });
    }
  }
}
