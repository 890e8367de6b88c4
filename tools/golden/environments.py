"""Transitions of the Python originals of the built-in environments, into __test__/golden/environments.

How to run, from the repository's root, with Python 3.10 or newer:

    python3 -m venv build/golden
    build/golden/bin/pip install gymnasium==1.4.0 numpy dm_env
    build/golden/bin/pip install --no-deps popgym==1.0.7 bsuite==0.3.6
    build/golden/bin/python tools/golden/environments.py

Each file says where its transitions come from:

    cart-pole.json            Gymnasium's CartPole-v1
    position-only.json        POPGym's PositionOnlyCartPole and NoisyPositionOnlyCartPole
    repeat-first.json         POPGym's RepeatFirst
    repeat-previous.json      POPGym's RepeatPrevious
    count-recall.json         POPGym's CountRecall
    autoencode.json           POPGym's Autoencode
    multiarmed-bandit.json    POPGym's MultiarmedBandit
    memory-chain.json         bsuite's MemoryChain, which memory_len and memory_size are made of
    t-maze.json               NOT the original: Memory-RL is no package, so PassiveTMaze below is written anew from the definition
                              of Ni et al. (2023)

GuessNumber and parity are this project's own, and flickering CartPole is CartPole-v1 with observations left out: nothing to record.
Random generators differ, so what an episode draws (state, deck, payouts, noise) is recorded with it, beside the actions.
"""

import importlib.metadata
import importlib.util
import json
import math
import sys
import types
from pathlib import Path

import gymnasium as gym
import numpy as np

OUT = Path(__file__).resolve().parents[2] / "__test__" / "golden" / "environments"


def load_bsuite():
    """bsuite.environments without bsuite/__init__.py, which loads what draws figures."""
    package = types.ModuleType("bsuite")
    package.__path__ = list(importlib.util.find_spec("bsuite").submodule_search_locations)
    sys.modules["bsuite"] = package
    from bsuite.environments import memory_chain

    return memory_chain


class Recorder:
    """A generator that remembers what was drawn by one of its methods."""

    def __init__(self, generator, method):
        self.drawn = []
        self._generator = generator
        self._method = method

    def __getattr__(self, name):
        method = getattr(self._generator, name)
        if name != self._method:
            return method

        def recorded(*args, **kwargs):
            values = method(*args, **kwargs)
            self.drawn.extend(np.atleast_1d(values).tolist())
            return values

        return recorded


def ends(terminated, truncated):
    """How an episode ended, its last step alone."""
    return {"terminated": bool(terminated), "truncated": bool(truncated)}


def balance(state):
    """Keeps the pole up for 500 steps and more."""
    x, x_dot, theta, theta_dot = state
    return int(theta + 0.25 * theta_dot + 0.02 * x + 0.05 * x_dot > 0)


def cart_pole():
    env = gym.make("CartPole-v1")
    rng = np.random.default_rng(1)
    episodes = []
    for seed in range(6):
        env.reset(seed=seed)
        state = env.unwrapped.state
        # The last three are kicked, so that they end by the cart's place and by the pole's angle on both sides.
        if seed >= 3:
            env.unwrapped.state = state = rng.uniform(-1, 1, 4) * [2.2, 1.5, 0.15, 1]
        initial = [float(value) for value in state]
        actions, states, rewards, over = [], [], [], False
        while not over:
            actions.append(int(rng.integers(2)))
            _, reward, terminated, truncated, _ = env.step(actions[-1])
            states.append([float(value) for value in env.unwrapped.state])
            rewards.append(float(reward))
            over = terminated or truncated
        episodes.append({"initial": initial, "actions": actions, "states": states, "rewards": rewards, **ends(terminated, truncated)})
    # One to the limit. Small differences grow too fast to replay it whole: single transitions, each from the recorded state.
    env.reset(seed=7)
    transitions, steps, over = [], 0, False
    while not over:
        before = [float(value) for value in env.unwrapped.state]
        action = balance(before)
        _, _, terminated, truncated, _ = env.step(action)
        steps += 1
        over = terminated or truncated
        if steps % 10 == 0:
            transitions.append([before, action, [float(value) for value in env.unwrapped.state]])
    return {"episodes": episodes, "long": {"steps": steps, "transitions": transitions, **ends(terminated, truncated)}}


def position_only():
    from popgym.envs import noisy_position_only_cartpole, position_only_cartpole

    rng = np.random.default_rng(2)
    position, noisy = position_only_cartpole.PositionOnlyCartPole, noisy_position_only_cartpole.NoisyPositionOnlyCartPole
    cases = [
        ("position", 0, 200, lambda: position()),
        ("position", 0, 400, lambda: position(max_episode_length=400)),
        ("position", 0, 9, lambda: position(max_episode_length=9)),
        ("noisy", 0.1, 200, lambda: noisy(noise_sigma=0.1)),
        ("noisy", 0.3, 200, lambda: noisy(noise_sigma=0.3)),
        ("noisy", 0.2, 9, lambda: noisy(noise_sigma=0.2, max_episode_length=9)),
    ]
    episodes = []
    for seed, (kind, sigma, limit, make) in enumerate(cases):
        env = make()
        env.reset(seed=seed)
        env._np_random = recorder = Recorder(env.np_random, "normal")
        first, _ = env.reset()
        initial = [float(value) for value in env.state]
        actions, observations, rewards, over = [], [first.tolist()], [], False
        while not over:
            actions.append(int(rng.integers(2)))
            observation, reward, terminated, truncated, _ = env.step(actions[-1])
            observations.append(observation.tolist())
            rewards.append(float(reward))
            over = terminated or truncated
        episodes.append(
            {
                "observation": kind,
                "noiseSigma": sigma,
                "limit": limit,
                "initial": initial,
                "noise": recorder.drawn,
                "actions": actions,
                "observations": observations,
                "rewards": rewards,
                **ends(terminated, truncated),
            }
        )
    return {"episodes": episodes}


def cards(env, seed, rng, **options):
    """An episode of a game of POPGym's with cards; actions are right half of the time, so that both rewards occur."""
    first, _ = env.reset(seed=seed)
    deck = env.deck
    # Dealt from the end: the card dealt at reset is gone from the deck, and stands first.
    order = [*deck.hands["player"], *deck.idx[: len(deck)][::-1].tolist()]
    suits = [int(deck.suits_idx[card]) for card in order]
    actions, observations, rewards, over = [], [int(first)], [], False
    while not over:
        k = options.get("k")
        seen = len(observations)
        right = suits[0] if k is None else suits[max(0, seen - k)]
        actions.append(int(right if rng.random() < 0.5 else rng.integers(4)))
        observation, reward, terminated, truncated, _ = env.step(actions[-1])
        observations.append(int(observation))
        rewards.append(float(reward))
        over = terminated or truncated
    assert observations == suits
    text = {"cards": order, "suits": "".join(map(str, suits)), "actions": "".join(map(str, actions))}
    # All rewards are of one size: their signs and that size.
    size = max(rewards)
    assert all(reward in (size, -size, 0) for reward in rewards)
    signs = "".join("+" if reward > 0 else "-" if reward < 0 else "0" for reward in rewards)
    return {**options, **text, "rewards": signs, "reward": size, **ends(terminated, truncated)}


def repeat_first():
    from popgym.envs.repeat_first import RepeatFirst

    rng = np.random.default_rng(3)
    return {"episodes": [cards(RepeatFirst(num_decks=decks), decks, rng, decks=decks) for decks in (1, 2, 8, 16)]}


def repeat_previous():
    from popgym.envs.repeat_previous import RepeatPrevious

    rng = np.random.default_rng(4)
    cases = [(1, 4), (1, 1), (2, 32), (3, 64)]
    return {"episodes": [cards(RepeatPrevious(num_decks=decks, k=k), k, rng, decks=decks, k=k) for decks, k in cases]}


def dealt(deck, hand, of):
    """What is seen of the cards of a deck in the order in which they are dealt, from the end; those in a hand first."""
    return [int(of[card]) for card in [*deck.hands[hand], *deck.idx[: len(deck)][::-1].tolist()]]


def count_recall():
    from popgym.envs.count_recall import CountRecall

    rng = np.random.default_rng(9)
    episodes = []
    for decks, kind in [(1, "colors"), (2, "suits"), (4, "ranks"), (1, "ranks")]:
        env = CountRecall(num_decks=decks, deck_type=kind)
        first, info = env.reset(seed=decks)
        values, queries = (dealt(deck, "in_play", env.deck_idx_type) for deck in (env.value_deck, env.query_deck))
        # Since 1.0.7 the full count can be said; here it is not.
        actions_allowed = env.max_card_count
        actions, observations, rewards, over = [], [first.tolist()], [], False
        while not over:
            right = int(info["counts"][observations[-1][1]])
            actions.append(right if rng.random() < 0.5 and right < actions_allowed else int(rng.integers(actions_allowed)))
            observation, reward, terminated, truncated, info = env.step(actions[-1])
            observations.append(observation.tolist())
            rewards.append(float(reward))
            over = terminated or truncated
        assert observations == [list(pair) for pair in zip(values, queries)]
        size = max(rewards)
        signs = "".join("+" if reward > 0 else "-" for reward in rewards)
        drawn = {"decks": decks, "kind": kind, "kinds": env.num_distinct_cards, "values": values, "queries": queries}
        episodes.append({**drawn, "actions": actions, "rewards": signs, "reward": size, **ends(terminated, truncated)})
    return {"episodes": episodes}


def autoencode():
    from popgym.envs.autoencode import Autoencode

    rng = np.random.default_rng(10)
    episodes = []
    for decks in (1, 2, 3):
        env = Autoencode(num_decks=decks)
        first, _ = env.reset(seed=decks)
        suits = dealt(env.deck, "system", env.deck.suits_idx)
        actions, observations, rewards, over = [], [list(first)], [], False
        while not over:
            left = 2 * len(suits) - 2 - len(actions)
            actions.append(int(suits[left] if left < len(suits) and rng.random() < 0.5 else rng.integers(4)))
            observation, reward, terminated, truncated, _ = env.step(actions[-1])
            observations.append(list(observation))
            rewards.append(float(reward))
            over = terminated or truncated
        text = {"suits": "".join(map(str, suits)), "actions": "".join(map(str, actions))}
        seen = {"modes": "".join(str(mode) for mode, _ in observations), "seen": "".join(str(suit) for _, suit in observations)}
        size = max(rewards)
        assert all(reward in (size, -size, 0) for reward in rewards)
        signs = "".join("+" if reward > 0 else "-" if reward < 0 else "0" for reward in rewards)
        episodes.append({"decks": decks, **text, **seen, "rewards": signs, "reward": size, **ends(terminated, truncated)})
    return {"episodes": episodes}


def multiarmed_bandit():
    from popgym.envs.multiarmed_bandit import MultiarmedBandit

    rng = np.random.default_rng(5)
    episodes = []
    for arms, steps in [(10, 200), (20, 40), (2, 5)]:
        env = MultiarmedBandit(num_bandits=arms, episode_length=steps)
        first, _ = env.reset(seed=arms)
        env._np_random = recorder = Recorder(env.np_random, "random")
        payouts = [float(payout) for payout in env.bandits]
        actions, observations, rewards, over = [], [int(first)], [], False
        while not over:
            actions.append(int(rng.integers(arms)))
            observation, reward, terminated, truncated, _ = env.step(actions[-1])
            observations.append(int(observation))
            rewards.append(float(reward))
            over = terminated or truncated
        drawn = [round(value, 7) for value in recorder.drawn]
        assert all((value < payouts[action]) == (seen == 1) for value, action, seen in zip(drawn, actions, observations[1:]))
        draws = {"arms": arms, "steps": steps, "payouts": payouts, "drawn": drawn}
        episodes.append({**draws, "actions": actions, "observations": observations, "rewards": rewards, **ends(terminated, truncated)})
    return {"episodes": episodes}


def memory_chain():
    chain = load_bsuite()
    rng = np.random.default_rng(6)
    episodes = []
    for length, bits in [(1, 1), (2, 1), (5, 1), (30, 1), (2, 2), (2, 5), (2, 40)]:
        env = chain.MemoryChain(memory_length=length, num_bits=bits, seed=length + bits)
        for _ in range(2):
            step = env.reset()
            observations, actions, rewards = [step.observation[0].tolist()], [], []
            while not step.last():
                actions.append(int(rng.integers(2)))
                step = env.step(actions[-1])
                observations.append(step.observation[0].tolist())
                rewards.append(float(step.reward))
            drawn = {"length": length, "bits": bits, "context": env._context.tolist(), "query": int(env._query)}
            episodes.append({**drawn, "actions": actions, "observations": observations, "rewards": rewards, **ends(True, False)})
    return {"episodes": episodes}


class PassiveTMaze:
    """The passive T-maze of Ni et al. (2023), from its definition. A corridor from (0, 0) to the junction (L, 0), a goal at (L, 1) or (L, -1).

    L + 1 steps. The side of the goal is seen once, at the start. A step that is not the last costs 1/L where x < t; the last pays 1 at the goal.
    """

    MOVES = [(1, 0), (0, 1), (-1, 0), (0, -1)]

    def __init__(self, length, goal):
        self.length, self.goal = length, goal
        self.x = self.y = self.t = 0

    def first(self):
        return [0, self.goal]

    def step(self, action):
        self.t += 1
        x, y = self.x + self.MOVES[action][0], self.y + self.MOVES[action][1]
        in_corridor = y == 0 and 0 <= x <= self.length
        if in_corridor or (x == self.length and abs(y) == 1):
            self.x, self.y = x, y
        observation = [1, self.y] if self.x == self.length else [0, 0]
        if self.t == self.length + 1:
            return observation, float(self.y == self.goal), True
        return observation, -1 / self.length if self.x < self.t else 0.0, False


def t_maze():
    rng = np.random.default_rng(8)
    episodes = []
    # How often it moves ahead by itself: enough to come to the junction, or too late, or never.
    for index, (length, ahead) in enumerate([(1, 0.5), (1, 0), (2, 0.7), (5, 1), (5, 0.8), (10, 0.95), (10, 0.2), (50, 1), (50, 0.9)]):
        for goal in (-1, 1):
            env = PassiveTMaze(length, goal)
            observations, actions, rewards, over = [env.first()], [], [], False
            while not over:
                last = env.t == length
                turn = (3 if goal == -1 else 1) if index % 2 else int(rng.integers(4))
                actions.append(turn if last else 0 if rng.random() < ahead else int(rng.integers(4)))
                observation, reward, over = env.step(actions[-1])
                observations.append(observation)
                rewards.append(reward)
            episodes.append({"length": length, "goal": goal, "actions": actions, "observations": observations, "rewards": rewards, **ends(True, False)})
    return {"episodes": episodes}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    version = importlib.metadata.version
    sources = {
        "cart-pole": (cart_pole, f"gymnasium {gym.__version__}, CartPole-v1"),
        "position-only": (position_only, f"popgym {version('popgym')}, PositionOnlyCartPole and NoisyPositionOnlyCartPole"),
        "repeat-first": (repeat_first, f"popgym {version('popgym')}, RepeatFirst"),
        "repeat-previous": (repeat_previous, f"popgym {version('popgym')}, RepeatPrevious"),
        "count-recall": (count_recall, f"popgym {version('popgym')}, CountRecall"),
        "autoencode": (autoencode, f"popgym {version('popgym')}, Autoencode"),
        "multiarmed-bandit": (multiarmed_bandit, f"popgym {version('popgym')}, MultiarmedBandit"),
        "memory-chain": (memory_chain, f"bsuite {version('bsuite')}, MemoryChain"),
        "t-maze": (t_maze, "an independent transcription of the definition of Ni et al. (2023), not the original"),
    }
    for name, (make, source) in sources.items():
        vectors = make()
        key, *others = vectors
        lines = ",\n".join(json.dumps(episode, separators=(",", ":")) for episode in vectors[key])
        rest = "".join(f',\n"{other}":{json.dumps(vectors[other], separators=(",", ":"))}' for other in others)
        text = f'{{"source":{json.dumps(source)},\n"{key}":[\n{lines}\n]{rest}}}\n'
        assert json.loads(text) == {"source": source, **vectors}
        assert not any(math.isnan(value) for episode in vectors[key] for value in episode.get("noise", []))
        (OUT / f"{name}.json").write_text(text)
        print(f"{name}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
