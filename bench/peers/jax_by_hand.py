"""PPO on CartPole in one compiled JAX program an iteration, with a backward pass through time that is written by hand.

What autodiff makes of a scan adds to the gradient of every weight at every step. Here a reverse scan gives the gradients at the gates alone, and
the weights' are one product over all steps and rows; the input gates of all steps are one product before the scan. The network is ours, or with
the argument `deep` PureJaxRL's: a layer before the GRU, and one before each head. GAE and updates are as PureJaxRL has them, so that an episode
that is cut off pays nothing more.
"""

import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if os.environ.get("BENCH_THREADS") == "1":
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp

import common
from common import PPO

ENVS, STEPS, HIDDEN, EPOCHS, MINIBATCHES = (PPO[name] for name in ("envs", "steps", "hidden", "epochs", "minibatches"))
ACTIONS, OBSERVED, LIMIT = 2, 4, 500
DEEP = "deep" in sys.argv[1:]
LR, BETA1, BETA2, EPSILON, MAX_GRAD_NORM = 1e-3, 0.9, 0.999, 1e-5, 0.5
GAMMA, GAE_LAMBDA, CLIP, ENT_COEF, VF_COEF = 0.99, 0.95, 0.2, 0.01, 0.5
REWARD = 0.05  # Of a step, so that returns are about 1.


def start_params(key):
    """Ours begins so: the embeddings N(0, 1), the rest U(±1/√H), but the columns of what is read beside the action U(±1) and U(±1/2)."""
    keys = iter(jax.random.split(key, 16))
    bound = HIDDEN**-0.5

    def uniform(*shape, bound=bound):
        return jax.random.uniform(next(keys), shape, minval=-bound, maxval=bound)

    def layer(name, inputs, outputs):
        return {f"w_{name}": uniform(inputs, outputs), f"b_{name}": uniform(outputs)}

    params = layer("ih", HIDDEN, 3 * HIDDEN) | layer("hh", HIDDEN, 3 * HIDDEN)
    if DEEP:
        layers = layer("in", ACTIONS + 2 + OBSERVED, HIDDEN) | layer("actor", HIDDEN, HIDDEN) | layer("critic", HIDDEN, HIDDEN)
        return params | layers | layer("policy", HIDDEN, ACTIONS) | layer("value", HIDDEN, 1)
    params["emb"] = jax.random.normal(next(keys), (ACTIONS + 1, HIDDEN))
    params["w_read"] = jnp.concatenate([uniform(1, 3 * HIDDEN, bound=1.0), uniform(OBSERVED, 3 * HIDDEN, bound=0.5)])
    return params | layer("head", HIDDEN, ACTIONS + 1)


def linear(params, name, x):
    return x @ params[f"w_{name}"] + params[f"b_{name}"]


def input_gates(params, inputs, starts, observed):
    """What a step reads, the action before and where episodes begin among it, on its way into the gates."""
    read = jnp.concatenate([jax.nn.one_hot(inputs, ACTIONS + 1), starts[..., None], observed], axis=-1)
    if DEEP:
        return linear(params, "ih", jnp.tanh(linear(params, "in", read)))
    # An action is a row of a table.
    return read @ jnp.concatenate([linear(params, "ih", params["emb"]), params["w_read"]])


def heads(params, h):
    """Log-probabilities of the actions, and the value."""
    if DEEP:
        logits = linear(params, "policy", jnp.tanh(linear(params, "actor", h)))
        return jax.nn.log_softmax(logits), linear(params, "value", jnp.tanh(linear(params, "critic", h)))[..., 0]
    out = linear(params, "head", h)
    return jax.nn.log_softmax(out[..., :ACTIONS]), out[..., ACTIONS]


def cell(w_hh, b_hh, h, gates):
    """PyTorch's GRU cell; with its new state, what the way back needs of it."""
    by_state = h @ w_hh + b_hh
    r, z = jnp.split(jax.nn.sigmoid(gates[:, : 2 * HIDDEN] + by_state[:, : 2 * HIDDEN]), 2, axis=1)
    hn = by_state[:, 2 * HIDDEN :]
    n = jnp.tanh(gates[:, 2 * HIDDEN :] + r * hn)
    return n + z * (h - n), (r, z, n, hn)


def plain_states(w_hh, b_hh, gates, h, starts):
    """States after each step, `[T, n, H]`; an episode begins at zero. Differentiated by JAX, what `states` is compared with."""

    def step(h, now):
        gates, start = now
        h, _ = cell(w_hh, b_hh, h * (1 - start)[:, None], gates)
        return h, h

    return jax.lax.scan(step, h, (gates, starts))[1]


@jax.custom_vjp
def states(w_hh, b_hh, gates, h, starts):
    return plain_states(w_hh, b_hh, gates, h, starts)


def states_forward(w_hh, b_hh, gates, h, starts):
    def step(h, now):
        gates, start = now
        before = h * (1 - start)[:, None]
        after, kept = cell(w_hh, b_hh, before, gates)
        return after, (after, before, kept)

    _, (after, before, kept) = jax.lax.scan(step, h, (gates, starts))
    return after, (w_hh, before, kept, starts)


def states_backward(saved, dafter):
    w_hh, before, kept, starts = saved
    back = w_hh.T

    def step(dh, now):
        dafter, before, (r, z, n, hn), start = now
        dh = dh + dafter
        dn = dh * (1 - z) * (1 - n * n)
        dz = dh * (before - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        by_state = jnp.concatenate([dr, dz, dn * r], axis=1)
        dh = (dh * z + by_state @ back) * (1 - start)[:, None]
        return dh, (by_state, dn)

    dh, (by_state, dn) = jax.lax.scan(step, jnp.zeros_like(dafter[0]), (dafter, before, kept, starts), reverse=True)
    dgates = jnp.concatenate([by_state[..., : 2 * HIDDEN], dn], axis=-1)
    flat = by_state.reshape(-1, 3 * HIDDEN)
    dw_hh = before.reshape(-1, HIDDEN).T @ flat
    return dw_hh, flat.sum(0), dgates, dh, None


states.defvjp(states_forward, states_backward)


def loss_of(params, batch, states=states):
    h, inputs, starts, observed, actions, old, advantages, targets = batch
    gates = input_gates(params, inputs, starts, observed)
    log_probs, values = heads(params, states(params["w_hh"], params["b_hh"], gates, h, starts))
    ratio = jnp.exp(jnp.take_along_axis(log_probs, actions[..., None], axis=-1)[..., 0] - old)
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    policy = -jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * advantages).mean()
    entropy = -(jnp.exp(log_probs) * log_probs).sum(-1).mean()
    return policy + VF_COEF * jnp.square(values - targets).mean() - ENT_COEF * entropy


def apply(carry, batch):
    """One step of clipped Adam."""
    params, average, square, count = carry
    loss, grads = jax.value_and_grad(loss_of)(params, batch)
    norm = jnp.sqrt(sum(jnp.vdot(grad, grad) for grad in jax.tree.leaves(grads)))
    scale = jnp.minimum(1.0, MAX_GRAD_NORM / (norm + 1e-6))
    grads = jax.tree.map(lambda grad: grad * scale, grads)
    count = count + 1
    average = jax.tree.map(lambda m, grad: BETA1 * m + (1 - BETA1) * grad, average, grads)
    square = jax.tree.map(lambda v, grad: BETA2 * v + (1 - BETA2) * grad * grad, square, grads)
    rate, bias = LR / (1 - BETA1**count), jax.lax.rsqrt(1 - BETA2**count)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * bias + EPSILON), params, average, square)
    return (params, average, square, count), loss


def cart_pole(state, action):
    """CartPole-v1 by Euler's method: the next state, and whether it fell."""
    x, v, angle, spin = state.T
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    push = (jnp.where(action == 1, 10.0, -10.0) + 0.05 * spin * spin * sin) / 1.1
    turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
    state = jnp.stack([x + 0.02 * v, v + 0.02 * (push - 0.05 * turn * cos / 1.1), angle + 0.02 * spin, spin + 0.02 * turn], axis=1)
    return state, (jnp.abs(state[:, 0]) > 2.4) | (jnp.abs(state[:, 2]) > 12 * 2 * jnp.pi / 360)


def iteration(carry, key):
    learner, rows = carry
    params = learner[0]
    noise = jax.random.split(key, 3)
    uniforms = jax.random.uniform(noise[0], (STEPS, ENVS))
    resets = jax.random.uniform(noise[1], (STEPS, ENVS, OBSERVED), minval=-0.05, maxval=0.05)

    def look(h, observed, inputs, starts):
        gates = input_gates(params, inputs, starts, observed)
        h, _ = cell(params["w_hh"], params["b_hh"], h * (1 - starts)[:, None], gates)
        return h, heads(params, h)

    def step(rows, drawn):
        h, observed, inputs, starts, length = rows
        uniform, reset = drawn
        h, (log_probs, value) = look(h, observed, inputs, starts)
        action = (uniform >= jnp.exp(log_probs[:, 0])).astype(jnp.int32)
        log_prob = jnp.take_along_axis(log_probs, action[:, None], axis=1)[:, 0]
        state, fell = cart_pole(observed, action)
        length = length + 1
        done = fell | (length >= LIMIT)
        ends = done.astype(jnp.float32)
        then = (h, jnp.where(done[:, None], reset, state), jnp.where(done, ACTIONS, action), ends, jnp.where(done, 0, length))
        ended = (jnp.where(done, length, 0).sum(), done.sum())
        return then, ((inputs, starts, observed, action, log_prob), value, ends, ended)

    first = rows[0]
    rows, (seen, values, ends, (returned, episodes)) = jax.lax.scan(step, rows, (uniforms, resets))
    _, (_, last) = look(*rows[:4])

    def judge(carry, now):
        following, advantage = carry
        value, end = now
        advantage = REWARD + GAMMA * (1 - end) * following - value + GAMMA * GAE_LAMBDA * (1 - end) * advantage
        return (value, advantage), advantage

    _, advantages = jax.lax.scan(judge, (last, jnp.zeros(ENVS)), (values, ends), reverse=True)
    recorded = (*seen, advantages, advantages + values)

    def epoch(learner, key):
        order = jax.random.permutation(key, ENVS).reshape(MINIBATCHES, -1)

        def minibatch(learner, chosen):
            return apply(learner, (first[chosen], *(each[:, chosen] for each in recorded)))

        return jax.lax.scan(minibatch, learner, order)

    learner, losses = jax.lax.scan(epoch, learner, jax.random.split(noise[2], EPOCHS))
    return (learner, rows), returned.sum() / episodes.sum(), losses.mean()


def check_gradient(params):
    """The way back by hand gives what autodiff gives: episodes that begin on the way, and a first state, among it."""
    keys = jax.random.split(jax.random.PRNGKey(7), 9)
    shape = (12, 5)
    starts = jax.random.bernoulli(keys[1], 0.2, shape).astype(jnp.float32)
    batch = (
        jax.random.normal(keys[0], (shape[1], HIDDEN)),
        jax.random.randint(keys[2], shape, 0, ACTIONS + 1),
        starts,
        jax.random.normal(keys[3], (*shape, OBSERVED)),
        jax.random.randint(keys[4], shape, 0, ACTIONS),
        -jax.random.uniform(keys[5], shape),
        jax.random.normal(keys[6], shape),
        jax.random.normal(keys[7], shape),
    )

    def both(params, h, states):
        return loss_of(params, (h, *batch[1:]), states)

    by_hand, plain = (jax.grad(both, argnums=(0, 1))(params, batch[0], each) for each in (states, plain_states))
    for one, other in zip(jax.tree.leaves(by_hand), jax.tree.leaves(plain), strict=True):
        difference = float(jnp.abs(one - other).max() / jnp.abs(other).max())
        assert difference < 1e-5, f"the gradient by hand differs from autodiff's by {difference}"


def start(key):
    params = start_params(key)
    zeros = jax.tree.map(jnp.zeros_like, params)
    observed = jax.random.uniform(key, (ENVS, OBSERVED), minval=-0.05, maxval=0.05)
    rows = (jnp.zeros((ENVS, HIDDEN)), observed, jnp.full(ENVS, ACTIONS), jnp.ones(ENVS), jnp.zeros(ENVS, jnp.int32))
    return (params, zeros, jax.tree.map(jnp.zeros_like, params), 0), rows


state = jax.jit(start)(jax.random.PRNGKey(30))
check_gradient(state[0][0])
compiled = jax.jit(iteration, donate_argnums=0)
key = jax.random.PRNGKey(1)


def iterate():
    global state, key
    key, now = jax.random.split(key)
    state, mean_return, loss = compiled(state, now)
    float(loss)
    common.note_return(float(mean_return))


common.serve(f"jax {jax.__version__}, gradient as autodiff's", iterate=iterate)
