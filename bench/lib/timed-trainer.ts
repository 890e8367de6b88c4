import { Trainer, type TrainerOptions, type TrainingEvent, tutorial } from 'innate';

/**
 * @param options - Added to the tutorial's.
 * @returns The tutorial's numbers, each problem seeing its own context, silent, never measured on the way.
 */
export function tutorialOptions(options: TrainerOptions = {}): TrainerOptions {
  const { batchSize, hiddenSize } = tutorial.settings;
  const task = tutorial.task({ context: 'own' });
  return { task, batchSize, hiddenSize, seed: 1, evaluateEvery: Number.MAX_SAFE_INTEGER, progress: false, ...options };
}

/** A trainer that says how long each of its iterations took: sample, act, score, update, report. */
export class TimedTrainer {
  readonly trainer: Trainer;
  readonly #hook: { onEvent(event: TrainingEvent): void };

  private constructor(trainer: Trainer, hook: { onEvent(event: TrainingEvent): void }) {
    this.trainer = trainer;
    this.#hook = hook;
  }

  /** @param options - Of the trainer, added to the tutorial's. */
  static async create(options: TrainerOptions = {}): Promise<TimedTrainer> {
    const hook = { onEvent: (_event: TrainingEvent): void => undefined };
    const trainer = await Trainer.create(tutorialOptions({ ...options, progress: (event) => hook.onEvent(event) }));
    return new TimedTrainer(trainer, hook);
  }

  /**
   * Trains without waiting for anyone.
   *
   * @param iterations - How many.
   * @param stage - What to train on.
   * @returns Milliseconds of each; the first from the begin of its stage.
   */
  async free(iterations: number, stage = 0): Promise<number[]> {
    const clock = new Clock();
    this.#hook.onEvent = (event) => clock.see(event);
    await this.trainer.run([{ stage, iterations }]);
    this.#hook.onEvent = () => undefined;
    return clock.took;
  }

  /**
   * Trains on request: each event is asked for with `for await`, and the run waits in between.
   *
   * @param iterations - How many.
   * @param stage - What to train on.
   * @returns Milliseconds between the arrivals of events.
   */
  async pulled(iterations: number, stage = 0): Promise<number[]> {
    const clock = new Clock();
    for await (const event of this.trainer.run([{ stage, iterations }])) {
      clock.see(event);
    }
    return clock.took;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.trainer.close();
  }
}

class Clock {
  readonly took: number[] = [];
  #last = NaN;

  see({ type }: TrainingEvent): void {
    const now = performance.now();
    if (type === 'iteration') {
      this.took.push(now - this.#last);
    }
    this.#last = now;
  }
}
