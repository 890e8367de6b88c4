/** The stream of sessions. */
const SESSION = 0x5345_5353;

/**
 * The uniforms that sessions sample by: Philox4x32-10, the same numbers as the addon's.
 *
 * @param seed - A non-negative safe integer.
 * @returns A function of how often the session has begun, which row, and which step since it began: a number in [0, 1), of 24 bits.
 */
export function sessionUniforms(seed: number): (begun: number, row: number, step: number) => number {
  const words = new Uint32Array(4);
  const key = [seed, Math.floor(seed / 2 ** 32) ^ SESSION] as const;
  return (begun, row, step) => {
    words[0] = row;
    words[1] = Math.floor(step / 4);
    words[2] = begun;
    words[3] = Math.floor(begun / 2 ** 32);
    let low = key[0] >>> 0;
    let high = key[1] >>> 0;
    for (let round = 0; round < 10; round += 1) {
      const a = words[0] as number;
      const b = words[1] as number;
      const c = words[2] as number;
      const d = words[3] as number;
      words[0] = highProduct(0xcd9e_8d57, c) ^ b ^ low;
      words[1] = Math.imul(0xcd9e_8d57, c);
      words[2] = highProduct(0xd251_1f53, a) ^ d ^ high;
      words[3] = Math.imul(0xd251_1f53, a);
      low = (low + 0x9e37_79b9) >>> 0;
      high = (high + 0xbb67_ae85) >>> 0;
    }
    return ((words[step % 4] as number) >>> 8) / 2 ** 24;
  };
}

/** The upper 32 bits of a product of two numbers of 32 bits. */
function highProduct(a: number, b: number): number {
  const low = (a & 0xffff) * (b & 0xffff);
  const first = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const second = (a & 0xffff) * (b >>> 16) + (first & 0xffff);
  return ((a >>> 16) * (b >>> 16) + (first >>> 16) + (second >>> 16)) >>> 0;
}
