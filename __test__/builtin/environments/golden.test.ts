import test, { type ExecutionContext } from 'ava';
import { beginAutoencode } from '#dist/builtin/autoencode/autoencode.js';
import { CartPoleEpisode } from '#dist/builtin/cart-pole/cart-pole.js';
import { advance } from '#dist/builtin/cart-pole/dynamics.js';
import { readSetup } from '#dist/builtin/cart-pole/setup.js';
import { beginCountRecall } from '#dist/builtin/count-recall/count-recall.js';
import { beginMemoryChain } from '#dist/builtin/memory-chain/memory-chain.js';
import { beginMultiarmedBandit } from '#dist/builtin/multiarmed-bandit/multiarmed-bandit.js';
import { beginPassiveTMaze } from '#dist/builtin/passive-t-maze/passive-t-maze.js';
import { beginRepeatFirst } from '#dist/builtin/repeat-first/repeat-first.js';
import { beginRepeatPrevious } from '#dist/builtin/repeat-previous/repeat-previous.js';
import { digits, type GoldenCards, type GoldenEpisode, golden, rewardsOf } from './support/golden.js';
import { type Played, playEpisode, replay } from './support/play.js';

/** CartPole's numbers before they are rounded to 32 bits. */
const EXACT = 1e-12;

function close(t: ExecutionContext, actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  t.is(actual.length, expected.length, what);
  const worst = Math.max(0, ...actual.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN))));
  t.true(worst <= tolerance, `${what}: off by ${worst}`);
}

/** All answers of an episode are compared at once: rewards, and ends in the last step and in no other. */
function sameAnswers(t: ExecutionContext, played: Played<unknown>, rewards: readonly number[], ends: Omit<GoldenEpisode, 'actions'>): void {
  close(
    t,
    played.steps.map(({ reward }) => reward),
    rewards,
    0,
    'rewards',
  );
  const last = played.steps.at(-1);
  t.deepEqual([last?.terminated, last?.truncated], [ends.terminated, ends.truncated]);
}

interface GoldenCartPole {
  readonly episodes: readonly (GoldenEpisode & { readonly initial: number[]; readonly states: readonly number[][] })[];
  readonly long: {
    readonly steps: number;
    readonly transitions: readonly [before: number[], action: number, after: number[]][];
    readonly terminated: boolean;
    readonly truncated: boolean;
  };
}

test("CartPole: whole episodes are Gymnasium's, in 64 bits", (t) => {
  const { episodes } = golden<GoldenCartPole>('cart-pole');
  t.is(episodes.length, 6);
  for (const { initial, actions, states, rewards, terminated, truncated } of episodes) {
    const episode = new CartPoleEpisode(readSetup({}), Float64Array.from(initial), () => 0);
    const played = playEpisode(episode, replay(actions));
    close(t, played.observations.flat(), [initial, ...states].flat(), EXACT, 'states');
    sameAnswers(t, played, rewards, { rewards, terminated, truncated });
  }
});

test("CartPole: transitions of an episode to the limit are Gymnasium's, and so is that limit", (t) => {
  const { long } = golden<GoldenCartPole>('cart-pole');
  t.deepEqual([long.steps, long.terminated, long.truncated], [readSetup({}).limit, false, true]);
  for (const [before, action, after] of long.transitions) {
    const state = Float64Array.from(before);
    t.false(advance(state, 0, action));
    close(t, [...state], after, EXACT, 'state');
  }
});

test("position-only and noisy CartPole: episodes are POPGym's", (t) => {
  const { episodes } = golden<{
    readonly episodes: readonly (GoldenEpisode & {
      readonly observation: 'position' | 'noisy';
      readonly noiseSigma: number;
      readonly limit: number;
      readonly initial: readonly number[];
      readonly noise: readonly number[];
      readonly observations: readonly number[][];
    })[];
  }>('position-only');
  t.deepEqual(
    episodes.map(({ truncated }) => truncated),
    [false, false, true, false, false, true],
  );
  for (const { observation, limit, initial, noise, actions, observations, rewards, terminated, truncated } of episodes) {
    const drawn = [...noise];
    const setup = readSetup({ observation, limit });
    const episode = new CartPoleEpisode(setup, Float64Array.from(initial), () => drawn.shift() ?? Number.NaN);
    const played = playEpisode(episode, replay(actions));
    // POPGym rounds to 32 bits before it adds noise, and not after.
    close(t, played.observations.flat(), observations.flat(), 1e-6, 'observations');
    sameAnswers(t, played, rewards, { rewards, terminated, truncated });
    t.is(drawn.length, 0, 'all noise is used');
  }
});

test("RepeatFirst: episodes are POPGym's", (t) => {
  const { episodes } = golden<{ readonly episodes: readonly GoldenCards[] }>('repeat-first');
  t.is(episodes.length, 4);
  for (const recorded of episodes) {
    const played = playEpisode(beginRepeatFirst(digits(recorded.suits)), replay(digits(recorded.actions)));
    t.is(played.observations.join(''), recorded.suits);
    sameAnswers(t, played, rewardsOf(recorded), { ...recorded, rewards: [] });
  }
});

test("RepeatPrevious: episodes are POPGym's", (t) => {
  const { episodes } = golden<{ readonly episodes: readonly (GoldenCards & { readonly k: number })[] }>('repeat-previous');
  t.is(episodes.length, 4);
  for (const recorded of episodes) {
    const played = playEpisode(beginRepeatPrevious(digits(recorded.suits), recorded.k), replay(digits(recorded.actions)));
    t.is(played.observations.join(''), recorded.suits);
    sameAnswers(t, played, rewardsOf(recorded), { ...recorded, rewards: [] });
  }
});

test("CountRecall: episodes are POPGym's", (t) => {
  const { episodes } = golden<{
    readonly episodes: readonly (Omit<GoldenCards, 'suits' | 'actions'> & {
      readonly kinds: number;
      readonly values: readonly number[];
      readonly queries: readonly number[];
      readonly actions: readonly number[];
    })[];
  }>('count-recall');
  t.is(episodes.length, 4);
  for (const recorded of episodes) {
    const { values, queries, kinds } = recorded;
    const played = playEpisode(beginCountRecall(values, queries, kinds), replay(recorded.actions));
    t.deepEqual(
      played.observations,
      values.map((value, index) => [value, queries[index] ?? Number.NaN]),
    );
    sameAnswers(t, played, rewardsOf(recorded), { ...recorded, rewards: [] });
  }
});

test("Autoencode: episodes are POPGym's", (t) => {
  const { episodes } = golden<{ readonly episodes: readonly (GoldenCards & { readonly modes: string; readonly seen: string })[] }>(
    'autoencode',
  );
  t.is(episodes.length, 3);
  for (const recorded of episodes) {
    const played = playEpisode(beginAutoencode(digits(recorded.suits)), replay(digits(recorded.actions)));
    t.is(played.observations.map(([mode]) => mode).join(''), recorded.modes);
    t.is(played.observations.map(([, suit]) => suit).join(''), recorded.seen);
    sameAnswers(t, played, rewardsOf(recorded), { ...recorded, rewards: [] });
  }
});

test("MultiarmedBandit: episodes are POPGym's", (t) => {
  const { episodes } = golden<{
    readonly episodes: readonly (GoldenEpisode & {
      readonly steps: number;
      readonly payouts: readonly number[];
      readonly drawn: readonly number[];
      readonly observations: readonly number[];
    })[];
  }>('multiarmed-bandit');
  t.is(episodes.length, 3);
  for (const recorded of episodes) {
    const drawn = [...recorded.drawn];
    const episode = beginMultiarmedBandit(recorded.payouts, recorded.steps, () => drawn.shift() ?? Number.NaN);
    const played = playEpisode(episode, replay(recorded.actions));
    t.deepEqual(played.observations, recorded.observations);
    sameAnswers(t, played, recorded.rewards, recorded);
    t.is(drawn.length, 0, 'one draw a step');
  }
});

test("memory chains: episodes are bsuite's", (t) => {
  const { episodes } = golden<{
    readonly episodes: readonly (GoldenEpisode & {
      readonly length: number;
      readonly context: readonly number[];
      readonly query: number;
      readonly observations: readonly number[][];
    })[];
  }>('memory-chain');
  t.is(episodes.length, 14);
  for (const recorded of episodes) {
    const episode = beginMemoryChain(recorded.length, { bits: recorded.context, query: recorded.query });
    const played = playEpisode(episode, replay(recorded.actions));
    t.deepEqual(played.observations.flat().map(Math.fround), recorded.observations.flat());
    sameAnswers(t, played, recorded.rewards, recorded);
    t.is(played.steps.at(-1)?.success, recorded.rewards.at(-1) === 1);
  }
});

test('passive T-maze: episodes are those of an independent transcription', (t) => {
  const { episodes } = golden<{
    readonly episodes: readonly (GoldenEpisode & {
      readonly length: number;
      readonly goal: 1 | -1;
      readonly observations: readonly number[][];
    })[];
  }>('t-maze');
  t.is(episodes.length, 18);
  t.true(new Set(episodes.map(({ rewards }) => rewards.at(-1))).size === 2, 'goals are reached and missed');
  for (const recorded of episodes) {
    const played = playEpisode(beginPassiveTMaze(recorded.length, recorded.goal), replay(recorded.actions));
    t.deepEqual(played.observations, recorded.observations);
    sameAnswers(t, played, recorded.rewards, recorded);
    t.is(played.steps.at(-1)?.success, recorded.rewards.at(-1) === 1);
  }
});
