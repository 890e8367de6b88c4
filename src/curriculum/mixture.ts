/** A stage of a mixture, as the last batch had it. */
export interface MixedStage {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** Share of the batches that it gets now, 0 to 1. */
  readonly share: number;
  /** Problems of it in the batch, those that came back apart. */
  readonly problems: number;
  /** Share of these that were solved; NaN where there were none. */
  readonly successRate: number;
  /** Learning progress of an automatic curriculum: by how much success changed from window to window, 0 to 1; NaN where it is not measured. */
  readonly progress: number;
}

/** How stages are mixed in every batch. */
export interface MixturePlan {
  /** `mixed`: by the weights; `automatic`: by learning progress. */
  readonly kind: 'mixed' | 'automatic';
  /** Stage ids, `[K]`. */
  readonly stages: readonly number[];
  /** Names of the stages, `[K]`. */
  readonly names: readonly string[];
  /** Share of each stage to begin with, `[K]`; they sum to 1. */
  readonly weights: readonly number[];
  /** Iterations of a window, over which success is measured. */
  readonly window: number;
  /** Share of a batch that all stages have in equal parts, whatever their progress. */
  readonly epsilon: number;
}

/** What is counted of one stage. */
export interface StageProgress {
  /** Problems in this window so far. */
  readonly problems: number;
  /** Those that were solved. */
  readonly successes: number;
  /** Success of the window before; null where there is none. */
  readonly before: number | null;
  /** By how much it changed; null where two windows have not been seen. */
  readonly progress: number | null;
}

/** All that decides which stages the next batches are of. Plain data. */
export interface MixtureState {
  /** Batches of this window so far. */
  readonly batches: number;
  /** What each stage is owed of a problem, `[K]`; they sum to 0. */
  readonly credits: readonly number[];
  /** `[K]`. */
  readonly stages: readonly StageProgress[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Several stages in every batch: by weights, or by learning progress, the absolute change of success from one window of iterations to the
 * next. A stage that is mastered, and one that is too hard yet, both stand still, and get little; one that is being learned, or forgotten, gets
 * much. Nothing here is random: a stage whose share is less than a problem has its turn when it is owed a whole one.
 */
export class Mixture {
  readonly #plan: MixturePlan;
  #batches = 0;
  #credits: number[];
  /** The credits when a batch was last noted: one that was filled since may not be used. */
  #settled: readonly number[];
  #stages: Writable<StageProgress>[];
  #shares: readonly number[];
  #last: { readonly problems: number; readonly successes: number }[] = [];

  /** @param plan - How stages are mixed. */
  constructor(plan: MixturePlan) {
    this.#plan = plan;
    this.#credits = plan.stages.map(() => 0);
    this.#settled = [...this.#credits];
    this.#stages = plan.stages.map(() => ({ problems: 0, successes: 0, before: null, progress: null }));
    this.#shares = this.#share();
  }

  /** Share of the batches that each stage gets now, `[K]`. */
  get shares(): readonly number[] {
    return this.#shares;
  }

  /** The stages as the last batch had them. */
  get stages(): MixedStage[] {
    return this.#plan.stages.map((stage, i) => {
      const { problems = 0, successes = 0 } = this.#last[i] ?? {};
      return {
        stage,
        name: this.#plan.names[i] as string,
        share: this.#shares[i] as number,
        problems,
        successRate: successes / problems,
        progress: this.#stages[i]?.progress ?? NaN,
      };
    });
  }

  /**
   * Fills a batch by the shares.
   *
   * @param stages - Written in full, in ascending order, `[n]`.
   * @returns `n`: all of them count.
   */
  fill(stages: Int32Array): number {
    const credits = this.#credits;
    for (let at = 0; at < stages.length; at += 1) {
      let most = 0;
      for (let i = 0; i < credits.length; i += 1) {
        credits[i] = (credits[i] as number) + (this.#shares[i] as number);
        most = (credits[i] as number) > (credits[most] as number) ? i : most;
      }
      credits[most] = (credits[most] as number) - 1;
      stages[at] = this.#plan.stages[most] as number;
    }
    stages.sort();
    return stages.length;
  }

  /** Takes back what was filled since a batch was last noted. */
  revert(): void {
    this.#credits = [...this.#settled];
  }

  /**
   * Counts how a batch did, and at the end of a window shares anew.
   *
   * @param stages - Stage of each problem; those that came back are not to be among them.
   * @param successes - 1 for each that was solved, at least as many.
   */
  note(stages: Int32Array, successes: Uint8Array): void {
    this.#settled = [...this.#credits];
    const places = new Map(this.#plan.stages.map((stage, i) => [stage, i]));
    this.#last = this.#plan.stages.map(() => ({ problems: 0, successes: 0 }));
    const last = this.#last as { problems: number; successes: number }[];
    for (let at = 0; at < stages.length; at += 1) {
      const tally = last[places.get(stages[at] as number) ?? -1];
      if (tally !== undefined) {
        tally.problems += 1;
        tally.successes += successes[at] as number;
      }
    }
    for (const [i, { problems, successes: solved }] of last.entries()) {
      const stage = this.#stages[i] as Writable<StageProgress>;
      stage.problems += problems;
      stage.successes += solved;
    }
    this.#batches += 1;
    if (this.#batches >= this.#plan.window) {
      this.#turn();
    }
  }

  /** @returns A copy of the state, as it was when a batch was last noted. */
  getState(): MixtureState {
    return { batches: this.#batches, credits: [...this.#settled], stages: this.#stages.map((stage) => ({ ...stage })) };
  }

  /** @param state - What {@link Mixture.getState} returned, of a mixture of as many stages. */
  setState({ batches, credits, stages }: MixtureState): void {
    this.#batches = batches;
    this.#settled = [...credits];
    this.revert();
    this.#stages = stages.map((stage) => ({ ...stage }));
    this.#shares = this.#share();
  }

  /** The next window begins. */
  #turn(): void {
    this.#batches = 0;
    for (const stage of this.#stages) {
      // A stage that had no turn keeps what is known of it.
      if (stage.problems > 0) {
        const success = stage.successes / stage.problems;
        stage.progress = stage.before === null ? null : Math.abs(success - stage.before);
        stage.before = success;
        stage.problems = 0;
        stage.successes = 0;
      }
    }
    this.#shares = this.#share();
  }

  #share(): readonly number[] {
    const { kind, weights, epsilon } = this.#plan;
    const total = this.#stages.reduce((sum, { progress }) => sum + (progress ?? 0), 0);
    if (kind === 'mixed' || total === 0 || this.#stages.some(({ before }) => before === null)) {
      return weights;
    }
    return this.#stages.map(({ progress }) => epsilon / weights.length + ((1 - epsilon) * (progress ?? 0)) / total);
  }
}
