/**
 * @param array - Any typed array.
 * @returns Its bytes, in this machine's order, which is little-endian wherever this package runs.
 */
export function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/**
 * @param text - What {@link toBase64} gave.
 * @returns The bytes, with a buffer of their own; undefined where the text is none.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return toBase64(bytes) === text ? bytes : undefined;
}
