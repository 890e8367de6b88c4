const MULTIPLIER = [0xd251_1f53n, 0xcd9e_8d57n] as const;
const WEYL = [0x9e37_79b9n, 0xbb67_ae85n] as const;
const WORD = 0xffff_ffffn;
/** The stream of what agents' rollouts sample, and that of sessions. */
const STREAMS = { actions: 0x4143_5453, session: 0x5345_5353 } as const;

/** Philox4x32-10, written anew from its paper. */
function philox(counter: readonly number[], key: readonly number[]): readonly number[] {
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k, l] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round += 1) {
    const [first, second] = [MULTIPLIER[0] * a, MULTIPLIER[1] * c];
    [a, b, c, d] = [(second >> 32n) ^ b ^ k, second & WORD, (first >> 32n) ^ d ^ l, first & WORD];
    [k, l] = [(k + WEYL[0]) & WORD, (l + WEYL[1]) & WORD];
  }
  return [a, b, c, d].map(Number);
}

/** The uniforms that the addon samples by, `[rows, steps]`. */
export function uniforms(stream: keyof typeof STREAMS, seed: number, sequence: number, rows: number, steps: number): Float32Array {
  const out = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row += 1) {
    for (let step = 0; step < steps; step += 4) {
      const words = philox([row, step / 4, sequence, 0], [seed, STREAMS[stream]]);
      for (let lane = 0; lane < 4 && step + lane < steps; lane += 1) {
        out[row * steps + step + lane] = ((words[lane] as number) >>> 8) / 2 ** 24;
      }
    }
  }
  return out;
}
