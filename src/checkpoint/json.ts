import { damaged } from './fault.js';

/** Bytes that a value takes in memory at most, its texts apart. */
const BYTES_OF_VALUE = 64;
/** Values that are always read. */
const ALLOWANCE = 4096;

/**
 * Parses JSON of a file, counting its values first: those of a hostile text take many times its bytes.
 *
 * @param text - The text.
 * @param path - Where it stands.
 * @param fileBytes - Bytes of the whole file, of which its values may take four times as many.
 * @returns The value.
 * @throws {@link CheckpointError} where it is no JSON, or has more values than such a file can need.
 */
export function parseJson(text: string, path: string, fileBytes: number): unknown {
  if (countValues(text) > ALLOWANCE + (4 * fileBytes) / BYTES_OF_VALUE) {
    throw damaged('says far more than a file of this size can need.', path);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw damaged('is no JSON.', path);
  }
}

/** What begins or parts values, outside of texts. */
function countValues(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfText(text, at + 1);
        break;
      case 0x2c:
      case 0x5b:
      case 0x7b:
        count += 1;
        break;
      default:
    }
  }
  return count;
}

/** Where a text ends that begins before `from`. */
function endOfText(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== 0x22) {
    at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  }
  return at;
}
