import { CheckpointError } from '../errors/checkpoint-error.js';
import type { Issues } from '../util/issues.js';

/**
 * Refuses a file that is not for what it is given for.
 *
 * @param differences - What differs.
 * @param file - The file.
 * @throws {@link CheckpointError} with all of them, whose path is the first one's; where there is none nothing is thrown.
 */
export function throwDifferences({ list: [first, ...others] }: Issues, file: string): void {
  if (first !== undefined) {
    const rest = others.map((other) => `\n${other.path} ${other.message}`).join('');
    throw new CheckpointError(`${first.message} (${file})${rest}`, { path: first.path, remedy: first.remedy });
  }
}
