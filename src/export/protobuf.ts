/** A field of a message on its way to bytes. */
export type Field = Uint8Array | readonly Uint8Array[];

const text = new TextEncoder();

/**
 * A whole number as a varint; a negative one takes ten bytes, as a 64-bit one does.
 *
 * @param value - A safe integer.
 * @returns Its bytes.
 */
function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

/**
 * @param field - Number of the field.
 * @param value - A safe integer.
 * @returns The field.
 */
export function integer(field: number, value: number): Field {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

/**
 * @param field - Number of the field.
 * @param value - Bytes, or the fields of a message.
 * @returns The field.
 */
export function bytes(field: number, value: Field): Field {
  const parts: readonly Uint8Array[] = Array.isArray(value) ? value : [value];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]), ...parts];
}

/**
 * @param field - Number of the field.
 * @param value - A text.
 * @returns The field.
 */
export function string(field: number, value: string): Field {
  return bytes(field, text.encode(value));
}

/**
 * @param fields - Of one message, in order.
 * @returns Its parts, which are not copied: what they are views of must stay as it is until they are joined.
 */
export function message(fields: readonly Field[]): readonly Uint8Array[] {
  return fields.flat();
}

/**
 * @param parts - Of a message.
 * @returns The message.
 */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
