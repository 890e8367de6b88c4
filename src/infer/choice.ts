/** Added to probabilities under the logarithm of entropies. */
const EPSILON = 1e-9;

/** A policy's distribution at one step, and what is chosen of it. */
export class Choice {
  /** Before the softmax, `[A]`; −∞ where an action is not allowed. */
  readonly logits: Float32Array;
  /** `[A]` */
  readonly probabilities: Float32Array;
  /** Of the action chosen. */
  logProb = 0;
  /** −Σ π·log(π + 1e−9), in nats. */
  entropy = 0;

  /** @param actions - How many there are. */
  constructor(actions: number) {
    this.logits = new Float32Array(actions);
    this.probabilities = new Float32Array(actions);
  }

  /**
   * Chooses by the logits.
   *
   * @param uniform - A number in [0, 1), the first action whose cumulative probability exceeds it being chosen; undefined: the most probable one,
   * the lowest id on a tie.
   * @returns The action; −1 where there are no probabilities.
   */
  choose(uniform: number | undefined): number {
    const { logits, probabilities } = this;
    let best = 0;
    for (let action = 1; action < logits.length; action += 1) {
      best = (logits[action] as number) > (logits[best] as number) ? action : best;
    }
    const largest = logits[best] as number;
    let total = 0;
    for (let action = 0; action < logits.length; action += 1) {
      total += Math.exp((logits[action] as number) - largest);
    }
    const normalizer = largest + Math.log(total);
    if (!Number.isFinite(normalizer)) {
      return -1;
    }
    let entropy = 0;
    for (let action = 0; action < logits.length; action += 1) {
      const probability = Math.exp((logits[action] as number) - largest) / total;
      probabilities[action] = probability;
      entropy -= probability * Math.log(probability + EPSILON);
    }
    const chosen = uniform === undefined ? best : this.#sample(uniform);
    this.logProb = (logits[chosen] as number) - normalizer;
    this.entropy = entropy;
    return chosen;
  }

  /** Sums are of 32 bits, as the addon's are. */
  #sample(uniform: number): number {
    let cumulative = 0;
    let last = 0;
    for (let action = 0; action < this.probabilities.length; action += 1) {
      const probability = this.probabilities[action] as number;
      if (probability > 0) {
        cumulative = Math.fround(cumulative + probability);
        last = action;
        if (cumulative > uniform) {
          break;
        }
      }
    }
    return last;
  }
}
