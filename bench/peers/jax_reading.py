"""One iteration on prompts that are read in order and attended to, as one compiled JAX program: encoder, rollout, loss, backward pass, clip, Adam.

Two ways. PureJaxRL's: a scan that samples, then a scan over the sampled actions that is differentiated, whose attention is one product over all
steps. `jax_reading.py tuned`: one scan that does both. In both the tokens' input gates are a table.
"""

import json
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
from jax import lax

import common
from common import BETA1, BETA2, EPSILON, GOLDEN, MAX_GRAD_NORM, VALUE_COEF, read_golden

SIZES = json.loads(os.environ["BENCH_READING"])
ROWS, LENGTH, STEPS, HIDDEN, VOCABULARY, START = (SIZES[name] for name in ("rows", "length", "steps", "hidden", "vocabulary", "start"))
LEARNING_RATE, ENTROPY_COEF = 1e-3, 0.2
TUNED = sys.argv[1:] == ["tuned"]


def gates_of(weights, prefix):
    """What each token adds to the gates, `[V, 3H]`."""
    return weights["emb.weight"] @ weights[f"{prefix}.weight_ih_l0"].T + weights[f"{prefix}.bias_ih_l0"]


def cell(weights, prefix, x, h):
    y = h @ weights[f"{prefix}.weight_hh_l0"].T + weights[f"{prefix}.bias_hh_l0"]
    r, z = jnp.split(jax.nn.sigmoid(x[:, : 2 * HIDDEN] + y[:, : 2 * HIDDEN]), 2, axis=1)
    n = jnp.tanh(x[:, 2 * HIDDEN :] + r * y[:, 2 * HIDDEN :])
    return n + z * (h - n)


def read(weights, contexts):
    """States after each token, from the last one on, `[n, L, H]`, and the state before the first step."""
    table = gates_of(weights, "encoder")

    def step(h, tokens):
        h = cell(weights, "encoder", table[tokens], h)
        return h, h

    last, states = lax.scan(step, jnp.zeros((len(contexts), HIDDEN)), contexts.T, reverse=True, unroll=LENGTH if TUNED else 1)
    return states.swapaxes(0, 1), jnp.tanh(last + weights["stage_emb.weight"][0])


def heads(weights, states, memory):
    """Log-probabilities, entropies and values of states `[n, T, H]`."""
    keys = memory @ weights["attn.prompt.query.weight"]
    shares = jax.nn.softmax(jnp.einsum("nth,nlh->ntl", states, keys) * HIDDEN**-0.5)
    both = jnp.concatenate([states, jnp.einsum("ntl,nlh->nth", shares, memory)], axis=-1)
    out = both @ jnp.concatenate([weights["pi.weight"], weights["v.weight"]]).T + jnp.concatenate([weights["pi.bias"], weights["v.bias"]])
    log_probs = jax.nn.log_softmax(out[..., :VOCABULARY])
    probs = jnp.exp(log_probs)
    return log_probs, -(probs * jnp.log(probs + 1e-9)).sum(-1), out[..., VOCABULARY]


def emit(weights, contexts, noise):
    """Samples programs `[n, T]`; with them what the loss is made of."""
    memory, h = read(weights, contexts)
    table = gates_of(weights, "rnn")

    def step(carry, noise):
        h, token = carry
        h = cell(weights, "rnn", table[token], h)
        log_probs, entropy, value = (part[:, 0] for part in heads(weights, h[:, None], memory))
        token = jnp.argmax(lax.stop_gradient(log_probs) + noise, -1).astype(jnp.int32)
        return (h, token), (token, (log_probs * jax.nn.one_hot(token, VOCABULARY)).sum(-1), entropy, value)

    start = (h, jnp.full((len(contexts),), START, jnp.int32))
    return [part.T for part in lax.scan(step, start, noise, unroll=STEPS if TUNED else 1)[1]]


def judge(weights, contexts, actions):
    """The same of given programs."""
    memory, h = read(weights, contexts)
    table = gates_of(weights, "rnn")
    before = jnp.concatenate([jnp.full((len(contexts), 1), START, jnp.int32), actions[:, :-1]], axis=1)

    def step(h, x):
        h = cell(weights, "rnn", x, h)
        return h, h

    log_probs, entropies, values = heads(weights, lax.scan(step, h, table[before.T])[1].swapaxes(0, 1), memory)
    return jnp.take_along_axis(log_probs, actions[..., None], axis=-1)[..., 0], entropies, values


def loss_of(weights, contexts, returns, given):
    """Of programs that are given, or of those that noise gives."""
    if given.ndim == 2:
        log_probs, entropies, values = judge(weights, contexts, given)
    else:
        _, log_probs, entropies, values = emit(weights, contexts, given)
    advantages = lax.stop_gradient(returns[:, None] - values)
    policy = -(log_probs * advantages).sum(1).mean()
    return policy + VALUE_COEF * jnp.square(values - returns[:, None]).mean() - ENTROPY_COEF * entropies.mean()


def adam_step(carry, gradients):
    weights, first, second, count = carry
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in gradients.values()))
    gradients = jax.tree.map(lambda g: g * jnp.minimum(1.0, MAX_GRAD_NORM / (norm + 1e-6)), gradients)
    count = count + 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
    rate, root = LEARNING_RATE / (1 - BETA1**count), jnp.sqrt(1 - BETA2**count)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + EPSILON), weights, first, second)
    return (weights, first, second, count), norm


def iteration(state, contexts, returns):
    carry, key = state
    key, sampling = jax.random.split(key)
    noise = jax.random.gumbel(sampling, (STEPS, ROWS, VOCABULARY))
    given = noise if TUNED else emit(carry[0], contexts, noise)[0]
    loss, gradients = jax.value_and_grad(loss_of)(carry[0], contexts, returns, given)
    carry, _ = adam_step(carry, gradients)
    return (carry, key), loss


compiled = jax.jit(iteration, donate_argnums=0)
initial = {name: array for name, array in read_golden(GOLDEN).items() if not name.startswith("adam.")}


def fresh():
    """Weights, Adam's moments and count."""
    return tuple({name: make(array) for name, array in initial.items()} for make in (jnp.array, jnp.zeros_like, jnp.zeros_like)) + (jnp.zeros(()),)


state = (fresh(), jax.random.key(0))
contexts = jax.random.randint(jax.random.key(1), (ROWS, LENGTH), 0, VOCABULARY, jnp.int32)
returns = jax.random.randint(jax.random.key(2), (ROWS,), 0, 2).astype(jnp.float32)


def iterate():
    global state
    state, loss = compiled(state, contexts, returns)
    float(loss)


def compare(request):
    """Loss and gradient of programs that the bench gives."""
    given = [jnp.asarray(request[name]) for name in ("contexts", "returns", "actions")]
    loss, gradients = jax.jit(jax.value_and_grad(loss_of))(initial, given[0].reshape(-1, LENGTH), given[1], given[2].reshape(-1, STEPS))
    return {"loss": float(loss), "gradient": dict(gradients)}


common.serve(f"jax {jax.__version__}, reading", iterate=iterate, other=compare)
