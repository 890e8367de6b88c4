import { hash, type SeenEpisode, type SeenStep } from './player.js';

/** What random play tells about what the last observation leaves out. */
export interface Remembering {
  /** Whether the same observation and action pay differently, and what came before says which. */
  readonly needsMemory: boolean;
  /** Whether reward, end and next observation follow from observation and action. */
  readonly needsNoMemory: boolean;
  /** For episodes of one step: the most that can succeed of them, choosing by what is seen; undefined where that cannot be said. */
  readonly mostSuccess: number | undefined;
}

/** Fewer repetitions than these prove nothing. */
const ENOUGH = 10;
const ENOUGH_STEPS = 100;
/** Share of the steps that must have been seen twice before "it follows" is said. */
const MOSTLY = 0.8;

/**
 * Looks for what repeats in random play.
 *
 * @param episodes - As they were played.
 * @returns What follows from that.
 */
export function remembering(episodes: readonly SeenEpisode[]): Remembering {
  const bySight = new Groups();
  const byHistory = new Groups();
  /** The sight of each history. */
  const sightOf = new Map<number, number>();
  const byOutcome = new Groups();
  let count = 0;
  for (const { steps } of episodes) {
    let history = 0;
    for (const step of steps) {
      const sight = keyOf(step);
      history = hash(history, [sight | 0, Math.floor(sight / 2 ** 32)]);
      bySight.add(sight, step.reward);
      byHistory.add(history, step.reward);
      sightOf.set(history, sight);
      byOutcome.add(sight, hash(step.end, [step.next | 0, Math.floor(step.next / 2 ** 32), ...bitsOf(step.reward)]));
      count += 1;
    }
  }
  return {
    needsMemory: historyTells(bySight, byHistory, sightOf),
    needsNoMemory: count >= ENOUGH_STEPS && byOutcome.mixed.size === 0 && byOutcome.repeated() >= MOSTLY * count,
    mostSuccess: mostSuccess(episodes),
  };
}

/** Whether sights that pay differently were seen again with the same history, always paid alike then, and by other histories otherwise. */
function historyTells(bySight: Groups, byHistory: Groups, sightOf: ReadonlyMap<number, number>): boolean {
  const paid = new Map<number, Set<number>>();
  let repeated = 0;
  for (const [history, { count, first }] of byHistory.groups) {
    const sight = sightOf.get(history) ?? 0;
    if (count < 2 || !bySight.mixed.has(sight)) {
      continue;
    }
    if (byHistory.mixed.has(history)) {
      return false;
    }
    repeated += count - 1;
    paid.set(sight, (paid.get(sight) ?? new Set()).add(first));
  }
  return repeated >= ENOUGH && [...paid.values()].some((rewards) => rewards.size > 1);
}

/** Best share of successes in episodes of one step, when each sight is answered by the action that was right for it most often. */
function mostSuccess(episodes: readonly SeenEpisode[]): number | undefined {
  const sights = new Map<number, { count: number; readonly actions: Map<number, { count: number; right: number }> }>();
  for (const { steps, success } of episodes) {
    const [step] = steps;
    if (steps.length !== 1 || step === undefined || success === undefined) {
      return undefined;
    }
    const sight = sights.get(step.observation) ?? { count: 0, actions: new Map() };
    const action = sight.actions.get(step.action) ?? { count: 0, right: 0 };
    sights.set(step.observation, sight);
    sight.actions.set(step.action, action);
    sight.count += 1;
    action.count += 1;
    action.right += success ? 1 : 0;
  }
  let most = 0;
  let known = 0;
  for (const { count, actions } of sights.values()) {
    const tried = [...actions.values()];
    if (tried.every((action) => action.count >= ENOUGH)) {
      known += count;
      most += count * Math.max(...tried.map(({ count: tries, right }) => right / tries));
    }
  }
  return known < MOSTLY * episodes.length || known === 0 ? undefined : most / known;
}

/** What was seen of each key: how often, and whether it was the same each time. */
class Groups {
  readonly groups = new Map<number, { count: number; readonly first: number }>();
  readonly mixed = new Set<number>();

  add(key: number, outcome: number): void {
    const group = this.groups.get(key);
    if (group === undefined) {
      this.groups.set(key, { count: 1, first: outcome });
      return;
    }
    group.count += 1;
    if (group.first !== outcome) {
      this.mixed.add(key);
    }
  }

  /** How many were seen with a key that was seen more than once. */
  repeated(): number {
    return [...this.groups.values()].reduce((sum, { count }) => sum + (count > 1 ? count : 0), 0);
  }
}

function keyOf({ observation, action }: SeenStep): number {
  return hash(action + 1, [observation | 0, Math.floor(observation / 2 ** 32)]);
}

function bitsOf(reward: number): Int32Array {
  return new Int32Array(Float32Array.of(reward).buffer);
}
