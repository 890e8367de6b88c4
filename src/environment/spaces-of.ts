import { box, discrete, multiDiscrete } from '../spaces/make.js';
import type { Spaces } from '../spaces/plain.js';
import type { ObservationSpace } from '../spaces/space.js';
import type { VectorEnvironment } from './vector-environment.js';

/**
 * @param vector - Environments.
 * @returns Their spaces, made of the layout where they do not say.
 */
export function spacesOf({ spaces, layout, actionCount }: VectorEnvironment): Spaces {
  if (spaces !== undefined) {
    return spaces;
  }
  const { dense, discrete: sizes, low, high } = layout;
  const numbers = dense === 0 ? undefined : box({ shape: [dense], low, high });
  const ids = sizes.length === 0 ? undefined : multiDiscrete(sizes);
  const both = { numbers, ids } as unknown as ObservationSpace<unknown>;
  return {
    observationSpace: numbers !== undefined && ids !== undefined ? both : ((numbers ?? ids ?? discrete(1)) as ObservationSpace<unknown>),
    actionSpace: discrete(actionCount) as Spaces['actionSpace'],
  };
}
