import type { Agent } from '../../agent/agent.js';
import type { WeighedShown } from '../../agent/shown.js';
import { accumulateShown } from '../../agent/teach.js';
import { type OptimizerConfig, type OptimizerOptions, readOptimizerOptions } from '../../algorithm/optimizer.js';
import { readSchedule, type Schedule, type Scheduled, valueAt } from '../../algorithm/schedule.js';
import { AbortedError } from '../../errors/aborted-error.js';
import type { ImitationEvent } from '../../metrics/events.js';
import { createProgress } from '../../metrics/progress.js';
import { isRecord } from '../../util/kind.js';
import { OptionReader } from '../../util/option-reader.js';
import type { Random } from '../../util/random.js';
import { show } from '../../util/show.js';
import { readProgress } from '../common-options.js';
import { Deck, type DeckState, type Demonstrations, gather } from './demonstrations.js';

/** How {@link Trainer.imitate} learns. A default of the optimizer's is the agent's own. */
export interface ImitateOptions extends OptimizerOptions {
  /**
   * What −log π(a) of each step is multiplied with, above 0.
   *
   * @defaultValue 1
   */
  readonly weight?: number | undefined;
  /**
   * Passes over all that is imitated, 1 to 2²⁰.
   *
   * @defaultValue 50
   */
  readonly updateEpochs?: number | undefined;
  /**
   * Programs, or episodes, of an update, 1 to 2²⁰.
   *
   * @defaultValue 64
   */
  readonly batchSize?: number | undefined;
  /**
   * How progress is shown: `true` on standard error, `false` not at all, or a function that is called after each pass and waited for.
   *
   * @defaultValue the trainer's, or `false` where that is a function
   */
  readonly progress?: boolean | ((event: ImitationEvent) => unknown) | undefined;
  /**
   * Ends it at the next update: it rejects with {@link AbortedError}, and what was learned is kept.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
}

/** {@link ImitateOptions}, checked and filled in. */
export interface ImitateConfig extends OptimizerConfig {
  readonly weight: number;
  readonly updateEpochs: number;
  readonly batchSize: number;
  readonly emit: (event: ImitationEvent) => unknown;
  readonly signal: AbortSignal | undefined;
}

/** What imitating did. */
export interface ImitationResult {
  /** Programs, or episodes, imitated. */
  readonly count: number;
  /** Share of the programs that meet the task's target by themselves, 0 to 1; NaN where nobody can say. */
  readonly successRate: number;
  /** Updates made. */
  readonly updates: number;
  /** Mean of −log π(a) over the steps imitated in the last pass, nats. */
  readonly loss: number;
  /** Whether the trainer was closed before the end. */
  readonly stopped: boolean;
}

/**
 * What is imitated beside an algorithm: each of its updates has the gradient of the cross-entropy of some programs too.
 *
 * @typeParam Given - What can be imitated.
 */
export interface ImitationOptions<Given> {
  /** What is imitated. */
  readonly programs: Given;
  /**
   * What −log π(a) of each step is multiplied with, at least 0.
   *
   * @defaultValue 0.1
   */
  readonly weight?: Scheduled | undefined;
  /**
   * Programs, or episodes, of an iteration, 1 to 2²⁰; they are cut into minibatches as the iteration's own are.
   *
   * @defaultValue 64
   */
  readonly batchSize?: number | undefined;
}

/** {@link ImitationOptions}, read as far as that can be without a task. */
export interface ImitationConfig {
  readonly programs: unknown;
  readonly weight: Schedule;
  readonly batchSize: number;
}

/**
 * @param reader - Over what the caller passed.
 * @param own - The agent's optimizer.
 * @param shows - Whether progress is shown where that is not said.
 * @returns How to imitate; meaningful only when no issue was added.
 */
export function readImitateOptions(reader: OptionReader, own: OptimizerConfig, shows: boolean): ImitateConfig {
  const progress = reader.has('progress') ? readProgress<never>(reader) : shows;
  const emit = progress === true ? createProgress(process.stderr) : progress;
  return {
    ...readOptimizerOptions(reader, own),
    weight: reader.number('weight', 1, { above: 0, single: true }),
    updateEpochs: reader.count('updateEpochs', 50),
    batchSize: reader.count('batchSize', 64),
    emit: emit === false ? () => undefined : (emit as unknown as (event: ImitationEvent) => unknown),
    signal: reader.signal('signal'),
  };
}

/**
 * @param reader - Over what the caller passed to a trainer.
 * @returns What is imitated beside; undefined where absent or wrong.
 */
export function readImitation(reader: OptionReader): ImitationConfig | undefined {
  const given = reader.raw('imitation');
  if (given === undefined) {
    return undefined;
  }
  if (!isRecord(given)) {
    reader.issues.add('imitation', `must be { programs }, got ${show(given)}.`, 'Pass such as { programs, weight: 0.1 }.');
    return undefined;
  }
  const own = new OptionReader(given, reader.issues.at('imitation'));
  const programs = own.raw('programs');
  const config = {
    programs,
    weight: readSchedule(own, 'weight', { shape: 'constant', from: 0.1, to: 0.1 }, { min: 0, single: true }),
    batchSize: own.count('batchSize', 64),
  };
  own.finish();
  return config;
}

/** Programs that are imitated beside an algorithm. */
export class Imitation {
  readonly #demonstrations: Demonstrations;
  readonly #config: ImitationConfig;
  readonly #deck: Deck;

  /**
   * @param demonstrations - The programs.
   * @param config - How much, and how many at a time.
   * @param random - In which order.
   */
  constructor(demonstrations: Demonstrations, config: ImitationConfig, random: Random) {
    this.#demonstrations = demonstrations;
    this.#config = config;
    this.#deck = new Deck(demonstrations.count, random);
  }

  /** @returns Which programs come next; the stream apart. */
  getState(): DeckState {
    return this.#deck.getState();
  }

  /** @param state - What {@link Imitation.getState} returned. */
  setState(state: DeckState): void {
    this.#deck.setState(state);
  }

  /**
   * @param progress - Share of the stage that is done, 0 to below 1.
   * @returns Programs for one iteration; undefined where they weigh nothing.
   */
  next(progress: number): WeighedShown | undefined {
    const weight = valueAt(this.#config.weight, progress);
    return weight === 0 ? undefined : { shown: gather(this.#demonstrations, this.#deck.draw(this.#config.batchSize)), weight };
  }
}

/** Who watches imitating, and who may end it. */
export interface ImitationWatch {
  /** Signals that may abort it, beside the caller's. */
  readonly signals: readonly AbortSignal[];
  /** Whether nobody wants it to go on. */
  readonly stopped: () => boolean;
}

/** What imitating works with. */
export interface ImitateContext extends ImitationWatch {
  readonly agent: Agent;
  readonly demonstrations: Demonstrations;
  readonly config: ImitateConfig;
  readonly random: Random;
}

/**
 * Learns programs by heart: passes over them in batches, an update each.
 *
 * @param context - Who learns what, and how.
 * @returns What was done.
 * @throws {@link AbortedError} when a signal has aborted.
 */
export async function imitate(context: ImitateContext): Promise<ImitationResult> {
  const { agent, demonstrations, config, random, stopped } = context;
  const { count, successRate } = demonstrations;
  const { weight, updateEpochs, batchSize, signal, emit, ...optimizer } = config;
  const signals = signal === undefined ? context.signals : [signal, ...context.signals];
  const deck = new Deck(count, random);
  let [updates, loss] = [0, Number.NaN];
  for (let epoch = 1; epoch <= updateEpochs && !stopped(); epoch += 1) {
    const sum = { loss: 0, steps: 0, norms: 0, updates: 0 };
    do {
      checkAbort(signals);
      const shown = gather(demonstrations, deck.draw(batchSize));
      const steps = shown.weights.reduce((total, step) => total + step, 0);
      if (steps > 0) {
        const accumulated = accumulateShown(agent, { shown, weight });
        const applied = agent.apply(optimizer);
        // Both are looked at, so that neither's failure goes unheard.
        const [own, step] = await Promise.allSettled([accumulated, applied]);
        if (own.status === 'rejected') {
          throw own.reason;
        }
        if (step.status === 'rejected') {
          throw step.reason;
        }
        sum.loss += own.value * steps;
        sum.steps += steps;
        sum.norms += step.value.gradNorm;
        sum.updates += 1;
      }
    } while (deck.left > 0);
    updates += sum.updates;
    loss = sum.loss / sum.steps;
    const gradNorm = sum.norms / sum.updates;
    await emit({ type: 'imitation', epoch, epochs: updateEpochs, imitation: { programs: count, updates, loss, gradNorm } });
  }
  return { count, successRate, updates, loss, stopped: stopped() };
}

function checkAbort(signals: readonly AbortSignal[]): void {
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted !== undefined) {
    throw new AbortedError(aborted.reason);
  }
}
