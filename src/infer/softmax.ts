/**
 * Makes weights of scores, in place.
 *
 * @param scores - Scores, of which the first `count` are read.
 * @param count - At least 1.
 */
export function softmax(scores: Float64Array, count: number): void {
  let largest = -Infinity;
  for (let i = 0; i < count; i += 1) {
    largest = Math.max(largest, scores[i] as number);
  }
  let total = 0;
  for (let i = 0; i < count; i += 1) {
    const weight = Math.exp((scores[i] as number) - largest);
    scores[i] = weight;
    total += weight;
  }
  for (let i = 0; i < count; i += 1) {
    scores[i] = (scores[i] as number) / total;
  }
}
