import type { BuiltInEnvironment, Episode } from '#dist/builtin/shared/built-in-environment.js';
import type { Step } from '#dist/environment/environment.js';
import { Random } from '#dist/util/random.js';

/** Chooses an action by all that was seen since the episode began, the newest last, and by what was done. */
export type Policy<O> = (seen: readonly O[], actions: readonly number[]) => number;

/** An episode that was played. */
export interface Played<O> {
  /** Observations, `[steps + 1]`. */
  readonly observations: readonly O[];
  readonly actions: readonly number[];
  /** Answers, `[steps]`. */
  readonly steps: readonly Step<O>[];
  /** Sum of the rewards. */
  readonly episodeReturn: number;
}

/** Plays an episode to its end. */
export function playEpisode<O>(episode: Episode<O>, policy: Policy<O>): Played<O> {
  const observations = [episode.first];
  const actions: number[] = [];
  const steps: Step<O>[] = [];
  let episodeReturn = 0;
  for (let over = false; !over; ) {
    const action = policy(observations, actions);
    const step = episode.step(action);
    actions.push(action);
    steps.push(step);
    observations.push(step.observation);
    episodeReturn += step.reward;
    over = step.terminated || step.truncated;
  }
  return { observations, actions, steps, episodeReturn };
}

/** Plays an episode of an environment, from a stream of its own. */
export function play<O extends number | readonly number[]>(environment: BuiltInEnvironment<O>, seed: number, policy: Policy<O>): Played<O> {
  const first = environment.reset({ random: new Random(seed), stage: 0 });
  return playEpisode({ first, step: (action) => environment.step(action) }, policy);
}

/** Actions drawn uniformly, from a stream that environments do not use. */
export function randomPolicy(actions: number, seed: number): Policy<unknown> {
  const random = new Random(seed, 5);
  return () => random.int(actions);
}

/** Replays recorded actions. */
export function replay(actions: readonly number[]): Policy<unknown> {
  return (_, done) => actions[done.length] ?? Number.NaN;
}

/** Mean return over episodes 0 … count − 1, and the standard error of that mean. */
export function meanReturn<O extends number | readonly number[]>(
  environment: BuiltInEnvironment<O>,
  count: number,
  policy: Policy<O>,
): { mean: number; error: number } {
  const returns = Array.from({ length: count }, (_, seed) => play(environment, seed, policy).episodeReturn);
  const mean = returns.reduce((sum, value) => sum + value, 0) / count;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, error: Math.sqrt(variance / count) };
}
