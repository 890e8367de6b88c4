"""PPO on CartPole as PureJaxRL has it: collecting, GAE and all updates of an iteration in one compiled JAX program.

After `ppo_rnn.py` of PureJaxRL (Chris Lu et al., Apache License 2.0), line by line; its network, its hyperparameters but the number of
environments. Changed: one iteration a call, so that iterations can be timed; gymnax's step has a sixth value; returns are summed here in place
of its LogWrapper, and CartPole's observations are flat already.
"""

import functools
import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from typing import NamedTuple

import distrax
import flax.linen as nn
import gymnax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.linen.initializers import constant, orthogonal
from flax.training.train_state import TrainState

import common
from common import PPO

ENVS, STEPS, HIDDEN, EPOCHS, MINIBATCHES = (PPO[name] for name in ("envs", "steps", "hidden", "epochs", "minibatches"))
UPDATES = 500_000 // STEPS // ENVS  # What the learning rate falls over.
LR, MAX_GRAD_NORM, GAMMA, GAE_LAMBDA, CLIP, ENT_COEF, VF_COEF = 2.5e-4, 0.5, 0.99, 0.95, 0.2, 0.01, 0.5


class ScannedRNN(nn.Module):
    @functools.partial(nn.scan, variable_broadcast="params", in_axes=0, out_axes=0, split_rngs={"params": False})
    @nn.compact
    def __call__(self, carry, x):
        ins, resets = x
        state = jnp.where(resets[:, np.newaxis], self.initialize_carry(*ins.shape), carry)
        return nn.GRUCell(features=ins.shape[1])(state, ins)

    @staticmethod
    def initialize_carry(batch_size, hidden_size):
        return nn.GRUCell(features=hidden_size).initialize_carry(jax.random.PRNGKey(0), (batch_size, hidden_size))


def dense(width, scale):
    return nn.Dense(width, kernel_init=orthogonal(scale), bias_init=constant(0.0))


class ActorCriticRNN(nn.Module):
    action_dim: int

    @nn.compact
    def __call__(self, hidden, x):
        obs, dones = x
        embedding = nn.relu(dense(HIDDEN, np.sqrt(2))(obs))
        hidden, embedding = ScannedRNN()(hidden, (embedding, dones))
        actor = nn.relu(dense(HIDDEN, 2)(embedding))
        pi = distrax.Categorical(logits=dense(self.action_dim, 0.01)(actor))
        critic = nn.relu(dense(HIDDEN, 2)(embedding))
        critic = dense(1, 1.0)(critic)
        return hidden, pi, jnp.squeeze(critic, axis=-1)


class Transition(NamedTuple):
    done: jnp.ndarray
    action: jnp.ndarray
    value: jnp.ndarray
    reward: jnp.ndarray
    log_prob: jnp.ndarray
    obs: jnp.ndarray


env, env_params = gymnax.make("CartPole-v1")
network = ActorCriticRNN(env.action_space(env_params).n)


def linear_schedule(count):
    return LR * jnp.maximum(0.0, 1.0 - (count // (MINIBATCHES * EPOCHS)) / UPDATES)


def start(rng):
    rng, _rng = jax.random.split(rng)
    init_x = (jnp.zeros((1, ENVS, *env.observation_space(env_params).shape)), jnp.zeros((1, ENVS)))
    hidden = ScannedRNN.initialize_carry(ENVS, HIDDEN)
    params = network.init(_rng, hidden, init_x)
    tx = optax.chain(optax.clip_by_global_norm(MAX_GRAD_NORM), optax.adam(learning_rate=linear_schedule, eps=1e-5))
    train_state = TrainState.create(apply_fn=network.apply, params=params, tx=tx)
    rng, _rng = jax.random.split(rng)
    obs, env_state = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(_rng, ENVS), env_params)
    return train_state, env_state, obs, jnp.zeros(ENVS, dtype=bool), jnp.zeros(ENVS), hidden, rng


def env_step(carry, _):
    train_state, env_state, last_obs, last_done, returned, hidden, rng = carry
    rng, _rng = jax.random.split(rng)
    hidden, pi, value = network.apply(train_state.params, hidden, (last_obs[np.newaxis, :], last_done[np.newaxis, :]))
    action = pi.sample(seed=_rng)
    log_prob = pi.log_prob(action)
    value, action, log_prob = value.squeeze(0), action.squeeze(0), log_prob.squeeze(0)
    rng, _rng = jax.random.split(rng)
    stepped = jax.vmap(env.step, in_axes=(0, 0, 0, None))(jax.random.split(_rng, ENVS), env_state, action, env_params)
    obs, env_state, reward, terminated, truncated, _ = stepped
    done = jnp.logical_or(terminated, truncated)
    returned = returned + reward
    transition = Transition(last_done, action, value, reward, log_prob, last_obs)
    ended = (jnp.where(done, returned, 0).sum(), done.sum())
    return (train_state, env_state, obs, done, jnp.where(done, 0, returned), hidden, rng), (transition, ended)


def advantages_of(trajectory, last_value, last_done):
    def backward(carry, transition):
        gae, next_value, next_done = carry
        done, value, reward = transition.done, transition.value, transition.reward
        delta = reward + GAMMA * next_value * (1 - next_done) - value
        gae = delta + GAMMA * GAE_LAMBDA * (1 - next_done) * gae
        return (gae, value, done), gae

    begin = (jnp.zeros_like(last_value), last_value, last_done)
    _, advantages = jax.lax.scan(backward, begin, trajectory, reverse=True, unroll=16)
    return advantages, advantages + trajectory.value


def loss_of(params, hidden, trajectory, gae, targets):
    _, pi, value = network.apply(params, hidden[0], (trajectory.obs, trajectory.done))
    log_prob = pi.log_prob(trajectory.action)
    clipped = trajectory.value + (value - trajectory.value).clip(-CLIP, CLIP)
    value_loss = 0.5 * jnp.maximum(jnp.square(value - targets), jnp.square(clipped - targets)).mean()
    ratio = jnp.exp(log_prob - trajectory.log_prob)
    gae = (gae - gae.mean()) / (gae.std() + 1e-8)
    actor_loss = -jnp.minimum(ratio * gae, jnp.clip(ratio, 1.0 - CLIP, 1.0 + CLIP) * gae).mean()
    entropy = pi.entropy().mean()
    return actor_loss + VF_COEF * value_loss - ENT_COEF * entropy, (value_loss, actor_loss, entropy)


def update_minibatch(train_state, batch):
    total_loss, grads = jax.value_and_grad(loss_of, has_aux=True)(train_state.params, *batch)
    return train_state.apply_gradients(grads=grads), total_loss


def update_epoch(carry, _):
    train_state, batch, rng = carry
    rng, _rng = jax.random.split(rng)
    permutation = jax.random.permutation(_rng, ENVS)
    shuffled = jax.tree.map(lambda x: jnp.take(x, permutation, axis=1), batch)

    def cut(x):
        return jnp.swapaxes(jnp.reshape(x, [x.shape[0], MINIBATCHES, -1] + list(x.shape[2:])), 1, 0)

    train_state, total_loss = jax.lax.scan(update_minibatch, train_state, jax.tree.map(cut, shuffled))
    return (train_state, batch, rng), total_loss


def iteration(state):
    first_hidden = state[-2]
    state, (trajectory, (returned, episodes)) = jax.lax.scan(env_step, state, None, STEPS)
    train_state, env_state, last_obs, last_done, returns, hidden, rng = state
    _, _, last_value = network.apply(train_state.params, hidden, (last_obs[np.newaxis, :], last_done[np.newaxis, :]))
    advantages, targets = advantages_of(trajectory, last_value.squeeze(0), last_done)
    batch = (first_hidden[None, :], trajectory, advantages, targets)
    (train_state, _, rng), losses = jax.lax.scan(update_epoch, (train_state, batch, rng), None, EPOCHS)
    state = (train_state, env_state, last_obs, last_done, returns, hidden, rng)
    return state, returned.sum() / episodes.sum(), losses[0].mean()


compiled = jax.jit(iteration, donate_argnums=0)
state = jax.jit(start)(jax.random.PRNGKey(30))


def iterate():
    global state
    state, mean_return, loss = compiled(state)
    float(loss)
    common.note_return(float(mean_return))


common.serve(f"jax {jax.__version__}, flax, optax, distrax, gymnax", iterate=iterate)
