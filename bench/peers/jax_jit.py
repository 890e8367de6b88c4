"""The whole iteration as one compiled JAX program: problems, rollout in a `lax.scan`, machine, loss, backward, clip and Adam.

Two ways. PureJaxRL's: a scan that samples, then a scan over the sampled actions that is differentiated. `jax_jit.py tuned`: one scan that does
both, unrolled, with token·W_ih as a table of 18 rows.
"""

import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
from jax import lax

import common
from common import (
    BATCH, BETA1, BETA2, CTX, ENTROPY_COEF, EPSILON, GOLDEN, HIDDEN, HORIZON, LEARNING_RATE, MAX_GRAD_NORM, STAGE, VALUE_COEF, VOCAB, group, read_golden,
)
from vector_machine import vector_machine

TUNED = sys.argv[1:] == ["tuned"]
UNROLL = HORIZON if TUNED else 1


def loss_of(weights, stage, operands, contexts, key, forced=None):
    embedding, input_weights, input_bias = (weights[name] for name in ("emb.weight", "rnn.weight_ih_l0", "rnn.bias_ih_l0"))
    table = embedding @ input_weights.T + input_bias if TUNED else None
    heads = jnp.concatenate([weights["pi.weight"], weights["v.weight"]]).T
    bias = jnp.concatenate([weights["pi.bias"], weights["v.bias"]])
    recurrent = weights["rnn.weight_hh_l0"].T
    n = len(operands)
    shown = jax.nn.one_hot(contexts, VOCAB).mean(1) @ weights["emb.weight"]
    h = jnp.tanh(shown + weights["stage_emb.weight"][stage])
    machine = vector_machine(jnp, stage, operands)

    def step(carry, inputs):
        h, token, state = carry
        noise, given = inputs
        x = jax.nn.one_hot(token, VOCAB) @ table if TUNED else embedding[token] @ input_weights.T + input_bias
        y = h @ recurrent + weights["rnn.bias_hh_l0"]
        r = jax.nn.sigmoid(x[:, :HIDDEN] + y[:, :HIDDEN])
        z = jax.nn.sigmoid(x[:, HIDDEN : 2 * HIDDEN] + y[:, HIDDEN : 2 * HIDDEN])
        c = jnp.tanh(x[:, 2 * HIDDEN :] + r * y[:, 2 * HIDDEN :])
        h = c + z * (h - c)
        both = h @ heads + bias
        logits = both[:, :VOCAB]
        log_probs = jax.nn.log_softmax(logits)
        probs = jnp.exp(log_probs)
        token = given if noise is None else jnp.argmax(lax.stop_gradient(logits) + noise, -1).astype(jnp.int32)
        log_prob = (log_probs * jax.nn.one_hot(token, VOCAB)).sum(-1)
        entropy = -(probs * jnp.log(probs + 1e-9)).sum(-1)
        return (h, token, machine.next(state, token)), (log_prob, entropy, both[:, VOCAB], logits, token)

    noise = None if forced is not None else jax.random.gumbel(key, (HORIZON, n, VOCAB))
    start = (h, jnp.full((n,), CTX, jnp.int32), machine.state)
    inputs = (noise, None if forced is None else forced.T)
    (_, _, machine.state), (log_prob, entropy, values, logits, actions) = lax.scan(step, start, inputs, length=HORIZON, unroll=UNROLL)
    rewards = lax.stop_gradient(machine.reward())
    value = values.sum(0)
    advantage = lax.stop_gradient(rewards - value)
    loss = -(log_prob.sum(0) * advantage).mean() + VALUE_COEF * ((value - rewards) ** 2).mean() - ENTROPY_COEF * entropy.mean()
    return loss, (rewards, logits.swapaxes(0, 1), actions.T)


def adam_step(weights, first, second, count, gradients):
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in gradients.values()))
    scale = jnp.minimum(1.0, MAX_GRAD_NORM / (norm + 1e-6))
    count = count + 1
    tree = jax.tree.map
    gradients = tree(lambda g: g * scale, gradients)
    first = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
    second = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
    rate, root = LEARNING_RATE / (1 - BETA1**count), jnp.sqrt(1 - BETA2**count)
    weights = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + EPSILON), weights, first, second)
    return weights, first, second, count, norm


def iteration(state):
    weights, first, second, count, key = state
    key, problems, sampling = jax.random.split(key, 3)
    operands = jax.random.randint(problems, (BATCH, 5), 0, 10, jnp.int32)
    contexts = jnp.pad(operands[:, : 3 + STAGE], ((0, 0), (0, 1)), constant_values=CTX)
    actions = None if TUNED else loss_of(weights, STAGE, operands, contexts, sampling)[1][2]
    (loss, _), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, STAGE, operands, contexts, sampling, actions)
    weights, first, second, count, _ = adam_step(weights, first, second, count, gradients)
    return (weights, first, second, count, key), loss


compiled = jax.jit(iteration, donate_argnums=0)


def initial_weights(golden):
    return {name: jnp.array(array) for name, array in group(golden, "init.").items()}


def fresh(weights):
    """Weights, Adam's moments and count."""
    zeros = [{name: jnp.zeros_like(array) for name, array in weights.items()} for _ in range(2)]
    return weights, *zeros, jnp.zeros(())


state = (*fresh(initial_weights(read_golden(GOLDEN))), jax.random.key(0))


def iterate():
    global state
    state, loss = compiled(state)
    loss.block_until_ready()
    float(loss)


def check(golden):
    step = group(golden, "step0.")
    weights = initial_weights(golden)
    stage = int(step["stage"][0])

    @jax.jit
    def update(weights, operands, contexts, actions):
        grad = jax.value_and_grad(loss_of, has_aux=True)
        (loss, (rewards, logits, _)), gradients = grad(weights, stage, operands, contexts, None, actions)
        weights, _, _, _, norm = adam_step(*fresh(weights), gradients)
        return loss, norm, rewards, logits, weights

    inputs = (jnp.asarray(step[name]) for name in ("operands", "context", "actions"))
    loss, norm, rewards, logits, after = update(weights, *inputs)
    return {"loss": float(loss), "gradNorm": float(norm), "logits": logits, "rewards": rewards, "weights": after}


common.serve(f"jax {jax.__version__}", check, iterate)
