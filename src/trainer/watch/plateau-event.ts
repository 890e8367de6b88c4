import type { PlateauEvent, RunPosition } from '../../metrics/events.js';
import { describeStanding, remedyOf } from '../../metrics/plateau.js';
import type { Plateau } from './plateau.js';

/**
 * @param position - Where the run is.
 * @param stageIteration - Iterations done in this stage.
 * @param plateau - How the stage stands.
 * @param replays - Whether problems that failed come back, or could not.
 * @returns The event that says so.
 */
export function plateauEvent(
  position: RunPosition,
  stageIteration: number,
  { meanReturn, ...plateau }: Plateau,
  replays: boolean,
): PlateauEvent {
  const standing = { ...plateau, episodeReturnMean: meanReturn };
  return {
    type: 'plateau',
    ...position,
    stageIteration,
    ...standing,
    message: describeStanding(standing),
    remedy: remedyOf(plateau.causes, replays),
  };
}
