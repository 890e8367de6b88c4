import type { TaskInteraction } from '../task/task.js';
import type { TokenLayout } from './token-layout.js';

/**
 * How a task talks with the network: closed loop where what is heard or what may be emitted follows from what was emitted.
 *
 * @param definition - A valid definition.
 * @param layout - Its tokens.
 * @returns Undefined for an open loop.
 */
export function interactionOf<Tool extends string>(
  { observe, observationLength = 0, mask }: { observe?: unknown; observationLength?: number | undefined; mask?: unknown },
  { tools }: TokenLayout<Tool>,
): TaskInteraction | undefined {
  const calls = tools.some(({ parameters }) => parameters.length > 0);
  if (observe === undefined && mask !== 'applicable' && !calls) {
    return undefined;
  }
  return { observationLength: observe === undefined ? 0 : observationLength, masked: mask === 'applicable' || (calls && mask !== false) };
}
