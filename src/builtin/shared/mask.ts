import type { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';

/** What may be emitted, as a definition's `mask` says it. */
export type Mask = boolean | 'applicable';

/**
 * @param reader - Options, of which `mask` is read.
 * @returns What may be emitted; `'applicable'` where absent.
 */
export function readMask(reader: OptionReader): Mask {
  const value = reader.raw('mask');
  if (value === undefined || value === 'applicable' || typeof value === 'boolean') {
    return value ?? 'applicable';
  }
  reader.issues.add('mask', `must be true, false or 'applicable', got ${show(value)}.`, "Pass true, false or 'applicable'.");
  return 'applicable';
}
