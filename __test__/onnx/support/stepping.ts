import type { Model, Tensor } from './runtimes.js';

/** What rows observe before a step. */
export interface Observed {
  readonly dense?: Float32Array | undefined;
  readonly discrete?: Int32Array | undefined;
  /** `[n, A]`; absent: all actions are allowed. */
  readonly allowed?: Uint8Array | undefined;
  /** 1 for rows that begin an episode, of an environment. */
  readonly starts?: Uint8Array | undefined;
}

/** What a step says. */
export interface Said {
  readonly logits: Float32Array;
  readonly actions: Int32Array;
  readonly values: Float32Array;
}

/** Rows that are stepped by an exported step: what it says of a state is what it takes next. */
export class Stepping {
  readonly #model: Model;
  readonly #rows: number;
  readonly #actions: number;
  #state: Readonly<Record<string, Tensor>>;

  /**
   * @param model - The step.
   * @param rows - Rows.
   * @param actions - Actions.
   * @param state - What the encoder says; for an environment anything of the right shape, since an episode begins.
   */
  constructor(model: Model, rows: number, actions: number, state: Readonly<Record<string, Tensor>>) {
    this.#model = model;
    this.#rows = rows;
    this.#actions = actions;
    this.#state = state;
  }

  async step({ dense, discrete, allowed, starts }: Observed): Promise<Said> {
    const [model, rows] = [this.#model, this.#rows];
    const said = await model.run({
      ...this.#state,
      observation: dense && model.tensor(dense, rows, dense.length / rows),
      observation_ids: discrete && model.tensor(discrete, rows, discrete.length / rows),
      action_mask: model.tensor(allowed ?? new Uint8Array(rows * this.#actions).fill(1), rows, this.#actions),
      episode_start: starts && model.tensor(starts, rows),
    });
    const next = Object.entries(said).filter(([name]) => name.startsWith('next_'));
    const states = Object.fromEntries(next.map(([name, tensor]) => [name.slice('next_'.length), tensor]));
    this.#state = { ...this.#state, ...states, previous_action: said['action'] as Tensor };
    const data = (name: string) => said[name]?.data;
    return { logits: data('logits') as Float32Array, actions: data('action') as Int32Array, values: data('value') as Float32Array };
  }

  /** Makes other tokens the next step's inputs. */
  feed(tokens: Int32Array): void {
    this.#state = { ...this.#state, previous_action: this.#model.tensor(tokens, this.#rows) };
  }
}

/** log π of an action a row and the entropy of each, by logits `[n, A]`. */
export function judge(logits: Float32Array, actions: ArrayLike<number>): { logProbs: number[]; entropies: number[] } {
  const size = logits.length / actions.length;
  const logProbs: number[] = [];
  const entropies: number[] = [];
  for (let row = 0; row < actions.length; row += 1) {
    const own = Array.from(logits.subarray(row * size, (row + 1) * size));
    const largest = Math.max(...own);
    const total = own.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    const policy = own.map((logit) => Math.exp(logit - largest) / total);
    logProbs.push((own[actions[row] as number] as number) - largest - Math.log(total));
    entropies.push(-policy.reduce((sum, p) => sum + p * Math.log(p + 1e-9), 0));
  }
  return { logProbs, entropies };
}
