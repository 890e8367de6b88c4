import type { StageTarget } from '../../curriculum/stage-spec.js';
import type { GroupMetrics, PlateauCause } from '../../metrics/events.js';
import { wilson } from '../../metrics/interval.js';
import { cloneData } from '../../util/plain-data.js';
import { type Block, Blocks, type BlocksState, groupsOf, type IterationSign, weighed } from './blocks.js';

/** How long is long. */
export interface PlateauSettings {
  /** Iterations that are looked at together. */
  readonly block: number;
  /** Iterations without improvement, at least: half of those of the stage, if that is more. */
  readonly window: number;
}

/** On a task: a run that masters a task of this package takes some hundred iterations a stage. */
export const TASK_PLATEAU: PlateauSettings = { block: 25, window: 400 };
/** In environments, whose iterations are longer. */
export const STEPS_PLATEAU: PlateauSettings = { block: 10, window: 160 };

/** Iterations whose returns are all equal before that is said. */
const NO_VARIANCE = 100;
/** Standard errors by which the later half must be better. */
const SURE = 2;
/** Share of what is missing to the target by which it must be better: less would take fifty times as long as it took. */
const WORTH = 0.02;
/** The same for having left a plateau. */
const LEFT_SURE = 3;
const LEFT = 0.1;
/** Below this success nothing is found yet, and returns that rise are progress. */
const FOUND = 0.1;
/** Below this success it is said that nothing is found. */
const NOTHING = 0.01;
/** A group stands out whose success is surely below that of the others by this much. */
const APART = 0.05;
/** Share of the highest entropy of the run under which it has collapsed, and share of that of a uniform choice. */
const COLLAPSED = 0.05;
const COLLAPSED_UNIFORM = 0.005;

/** That a stage stands still. */
export interface Plateau {
  /** Iteration of the stage from which on it has stood. */
  readonly since: number;
  /** Success where it stands, of greedy programs where some were measured; NaN where nothing says what success is. */
  readonly successRate: number;
  /** Mean return where it stands. */
  readonly meanReturn: number;
  /** Why, the surest first. */
  readonly causes: readonly [PlateauCause, ...PlateauCause[]];
  /** The groups that stand, worst first; none where all do alike, or nothing names groups. */
  readonly groups: readonly GroupMetrics[];
}

/** What some programs or episodes reached. */
interface Level {
  readonly count: number;
  readonly successRate: number;
  readonly meanReturn: number;
}

/** What greedy ones reached, and when. */
interface Measurement extends Level {
  readonly iteration: number;
}

/** What {@link PlateauWatch} has seen. Plain data. */
export interface PlateauState {
  readonly begun: number;
  readonly highest: number;
  readonly iterations: number;
  readonly unvaried: number;
  readonly measured: readonly Measurement[];
  readonly standing: Plateau | undefined;
  readonly stood: readonly Block[];
  readonly blocks: BlocksState;
}

/**
 * Watches one stage, and says when it stands still below its target. Looked at block by block: the last `window` iterations, or half of those of the
 * stage if that is more, are cut into halves; the stage stands where neither sampled nor greedy success of the later half is better than that of
 * the earlier by two standard errors and by a fiftieth of what is missing. Said once, and again only after it has gone on meanwhile. A
 * function of what the run has measured: nothing is drawn for it.
 */
export class PlateauWatch {
  readonly #settings: PlateauSettings;
  readonly #target: StageTarget;
  readonly #blocks: Blocks;
  readonly #measured: Measurement[] = [];
  /** Entropy of a uniform choice, nats. */
  readonly #uniform: number;
  #highest: number;
  readonly #begun: number;
  #iterations = 0;
  #unvaried = 0;
  #standing: Plateau | undefined;
  /** Where it stood. */
  #stood: readonly Block[] = [];

  /**
   * @param settings - How long is long.
   * @param target - What the stage is to reach.
   * @param choices - Tokens or actions that can be chosen from.
   * @param highest - The highest entropy of the run so far, nats.
   * @param begun - Iterations of the stage that were done before.
   */
  constructor(settings: PlateauSettings, target: StageTarget, choices: number, highest: number, begun = 0) {
    this.#settings = settings;
    this.#target = target;
    this.#blocks = new Blocks(settings.block, begun);
    this.#begun = begun;
    this.#uniform = Math.log(Math.max(choices, 2));
    this.#highest = highest;
  }

  /** The highest entropy of the run so far, nats. */
  get highestEntropy(): number {
    return this.#highest;
  }

  /** What stands, if anything does. */
  get standing(): Plateau | undefined {
    return this.#standing;
  }

  /** @returns A copy of what was seen. */
  getState(): PlateauState {
    const blocks = this.#blocks.getState();
    const rest = { begun: this.#begun, highest: this.#highest, iterations: this.#iterations, unvaried: this.#unvaried };
    return { ...rest, ...cloneData({ measured: this.#measured, standing: this.#standing, stood: this.#stood }), blocks };
  }

  /** @param state - What {@link PlateauWatch.getState} returned, of a watch that began at the same iteration. */
  setState({ highest, iterations, unvaried, measured, standing, stood, blocks }: PlateauState): void {
    this.#highest = highest;
    this.#iterations = iterations;
    this.#unvaried = unvaried;
    this.#measured.splice(0, Infinity, ...measured);
    this.#standing = standing;
    this.#stood = stood;
    this.#blocks.setState(blocks);
  }

  /** Evaluations so far, which {@link PlateauWatch.forget} goes back to. */
  get evaluations(): number {
    return this.#measured.length;
  }

  /** @param evaluations - What {@link PlateauWatch.evaluations} was: later ones are forgotten. */
  forget(evaluations: number): void {
    this.#measured.length = Math.min(this.#measured.length, evaluations);
  }

  /**
   * @param sign - Of an iteration.
   * @returns That it stands, where that is news.
   */
  iteration(sign: IterationSign): Plateau | undefined {
    this.#iterations += 1;
    this.#unvaried = sign.varied ? 0 : this.#unvaried + 1;
    const whole = this.#blocks.add(sign);
    if (!whole) {
      return undefined;
    }
    this.#highest = Math.max(this.#highest, this.#blocks.whole.at(-1)?.entropy ?? 0);
    if (this.#standing !== undefined) {
      this.#standing = this.#left(this.#standing) ? undefined : this.#standing;
      return undefined;
    }
    this.#standing = this.#look();
    return this.#standing;
  }

  /**
   * @param count - Problems or episodes.
   * @param measured - What greedy programs or episodes reached.
   */
  evaluation(count: number, measured: { readonly successRate: number; readonly meanReturn: number }): void {
    this.#measured.push({ iteration: this.#begun + this.#iterations, count, ...measured });
  }

  /** Whether it has gone on from where it stood: more is asked for than for having improved, so that luck does not end it. */
  #left({ causes }: Plateau): boolean {
    const stood = this.#stood;
    const later = this.#blocks.whole.slice(-this.#half);
    const missing = Math.max((this.#target.successRate ?? 1) - weighed(stood, ({ successRate }) => successRate), 0);
    return (
      !this.#below(later) ||
      (causes.includes('no-variance') && this.#unvaried < NO_VARIANCE) ||
      rises(stood, later, ({ successRate }) => successRate, LEFT * missing, LEFT_SURE) ||
      (Number.isNaN(weighed(later, ({ successRate }) => successRate)) && rises(stood, later, ({ meanReturn }) => meanReturn, 0, LEFT_SURE))
    );
  }

  /** Blocks of half of what is looked at. */
  get #half(): number {
    const { block, window } = this.#settings;
    return Math.floor(Math.max(window, this.#iterations / 2) / block / 2);
  }

  #look(): Plateau | undefined {
    const { block } = this.#settings;
    const { whole } = this.#blocks;
    const half = this.#half;
    const later = whole.slice(-half);
    const unvaried = this.#unvaried >= NO_VARIANCE;
    if (unvaried ? !this.#below(later) : whole.length < 2 * half || !this.#below(later) || this.#improved(half)) {
      return undefined;
    }
    const greedy = this.#measuredIn(later);
    const level: readonly Level[] = greedy.length === 0 ? later : greedy;
    const groups = this.#groupsApart(later);
    this.#stood = later;
    return {
      since: this.#since(unvaried ? NO_VARIANCE / block : half),
      successRate: weighed(level, ({ successRate }) => successRate),
      meanReturn: weighed(level, ({ meanReturn }) => meanReturn),
      causes: this.#causes(later, groups, unvaried),
      groups,
    };
  }

  /** Whether the target is surely not reached; where there is none that is measured, nothing is below it. */
  #below(later: readonly Block[]): boolean {
    const { successRate, meanReturn } = this.#target;
    const measured = this.#measuredIn(later);
    const level: readonly Level[] = measured.length === 0 ? later : measured;
    const count = level.reduce((sum, each) => sum + each.count, 0);
    const reached = weighed(level, (each) => each.successRate);
    return (
      (successRate !== undefined && count > 0 && wilson(reached, count).high < successRate) ||
      (meanReturn !== undefined && weighed(level, (each) => each.meanReturn) < meanReturn)
    );
  }

  #improved(half: number): boolean {
    const { whole } = this.#blocks;
    const [earlier, later] = [whole.slice(-2 * half, -half), whole.slice(-half)];
    const missing = Math.max((this.#target.successRate ?? 1) - weighed(earlier, ({ successRate }) => successRate), 0);
    const returns = whole.map(({ meanReturn }) => meanReturn).filter(Number.isFinite);
    const range = Math.max(...returns) - Math.min(...returns);
    // What success is, nothing says: then returns are all there is.
    const found = weighed(later, ({ successRate }) => successRate) >= FOUND && this.#target.meanReturn === undefined;
    const greedy = [this.#measuredIn(earlier), this.#measuredIn(later)] as const;
    return (
      rises(earlier, later, ({ successRate }) => successRate, WORTH * missing) ||
      (greedy.every(({ length }) => length > 1) && rises(...greedy, ({ successRate }) => successRate, WORTH * missing)) ||
      (!found && rises(earlier, later, ({ meanReturn }) => meanReturn, WORTH * range))
    );
  }

  #measuredIn(blocks: readonly Block[]): Measurement[] {
    const from = blocks[0]?.first ?? 1;
    const to = (blocks.at(-1)?.first ?? 1) + this.#settings.block;
    return this.#measured.filter(({ iteration }) => iteration >= from && iteration < to);
  }

  /** Groups that surely succeed less often than the others, worst first. */
  #groupsApart(later: readonly Block[]): GroupMetrics[] {
    const groups = groupsOf(later);
    const apart = groups.filter(({ group, problems, successRate }) => {
      const others = groups.filter((other) => other.group !== group).map((other) => ({ ...other, count: other.problems }));
      return wilson(successRate, problems).high < weighed(others, (other) => other.successRate) - APART;
    });
    return apart.sort((a, b) => a.successRate - b.successRate);
  }

  #causes(later: readonly Block[], groups: readonly GroupMetrics[], unvaried: boolean): Plateau['causes'] {
    const entropy = later.reduce((sum, each) => sum + each.entropy, 0) / later.length;
    const success = weighed(later, ({ successRate }) => successRate);
    const causes: PlateauCause[] = [
      ...(unvaried ? (['no-variance'] as const) : []),
      ...(entropy < Math.max(COLLAPSED * this.#highest, COLLAPSED_UNIFORM * this.#uniform) ? (['entropy-collapse'] as const) : []),
      ...(groups.length > 0 ? (['groups'] as const) : []),
      ...(success < NOTHING && !unvaried ? (['nothing-found'] as const) : []),
    ];
    const [first = 'unknown', ...rest] = causes;
    return [first, ...rest];
  }

  /** The first iteration from which on success has been as high as in the last blocks, or higher. */
  #since(blocks: number): number {
    const { whole } = this.#blocks;
    const level = weighed(whole.slice(-blocks), ({ successRate }) => successRate);
    let first = Math.max(whole.length - blocks, 0);
    while (first > 0 && isAsGood(whole[first - 1], level)) {
      first -= 1;
    }
    return whole[first]?.first ?? 1;
  }
}

function isAsGood(block: Block | undefined, level: number): boolean {
  if (block === undefined || Number.isNaN(level) || Number.isNaN(block.successRate)) {
    return false;
  }
  const error = Math.sqrt((level * (1 - level)) / block.count);
  return block.successRate >= level - Math.max(3 * error, WORTH * (1 - level));
}

/** Whether the later parts are better than the earlier ones: surely, and by enough. */
function rises<T extends { readonly count: number }>(
  earlier: readonly T[],
  later: readonly T[],
  value: (part: T) => number,
  enough: number,
  sure = SURE,
): boolean {
  const rise = weighed(later, value) - weighed(earlier, value);
  const error = Math.hypot(errorOf(earlier, value), errorOf(later, value));
  return rise > Math.max(sure * error, enough);
}

/** Standard error of a mean over blocks, by how these differ. */
function errorOf<T extends { readonly count: number }>(parts: readonly T[], value: (part: T) => number): number {
  const counted = parts.filter(({ count }) => count > 0);
  const mean = weighed(counted, value);
  const squares = counted.reduce((sum, part) => sum + (value(part) - mean) ** 2, 0);
  return counted.length < 2 ? Infinity : Math.sqrt(squares / (counted.length - 1) / counted.length);
}
