"""The same in vectorised PyTorch: sampling, machine and loss in one graph for `torch.compile`, fused Adam.

Written for speed: one pass that samples and keeps what backward needs, token·W_ih as a table of 18 rows, no Python between the steps.
"""

import torch
import torch.nn.functional as F

import common
from common import BATCH, CTX, ENTROPY_COEF, HIDDEN, HORIZON, MAX_GRAD_NORM, STAGE, THREADS, VALUE_COEF, VOCAB, group
from torch_model import Model, adam, load, weights_of
from vector_machine import vector_machine

torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = Model()
optimizer = adam(model, fused=True)


def loss_of(weights, stage, operands, contexts, forced=None):
    shown = F.one_hot(contexts, VOCAB).to(torch.float32).mean(1) @ weights["emb.weight"]
    h = torch.tanh(shown + weights["stage_emb.weight"][stage])
    table = F.linear(weights["emb.weight"], weights["rnn.weight_ih_l0"], weights["rnn.bias_ih_l0"])
    recurrent = weights["rnn.weight_hh_l0"], weights["rnn.bias_hh_l0"]
    heads = torch.cat([weights["pi.weight"], weights["v.weight"]]), torch.cat([weights["pi.bias"], weights["v.bias"]])
    token = torch.full_like(contexts[:, 0], CTX)
    log_prob = value = entropy = 0.0
    machine = vector_machine(torch, stage, operands)
    logits_of = []
    for t in range(HORIZON):
        # One-hot · table: its gradient is a product, which is faster here than the scattered sum of an index.
        x = F.one_hot(token, VOCAB).to(h.dtype) @ table
        y = F.linear(h, *recurrent)
        r = torch.sigmoid(x[:, :HIDDEN] + y[:, :HIDDEN])
        z = torch.sigmoid(x[:, HIDDEN : 2 * HIDDEN] + y[:, HIDDEN : 2 * HIDDEN])
        n = torch.tanh(x[:, 2 * HIDDEN :] + r * y[:, 2 * HIDDEN :])
        h = n + z * (h - n)
        both = F.linear(h, *heads)
        logits = both[:, :VOCAB]
        log_probs = torch.log_softmax(logits, -1)
        probs = log_probs.exp()
        if forced is None:
            noise = -torch.log(-torch.log(torch.rand_like(probs).clamp_min(1e-20)))
            token = (logits.detach() + noise).argmax(-1)
        else:
            token = forced[:, t]
        machine.step(token)
        log_prob = log_prob + (log_probs * F.one_hot(token, VOCAB)).sum(-1)
        entropy = entropy - (probs * torch.log(probs + 1e-9)).sum(-1)
        value = value + both[:, VOCAB]
        logits_of.append(logits)
    rewards = machine.reward()
    advantage = (rewards - value).detach()
    loss = -(log_prob * advantage).mean() + VALUE_COEF * ((value - rewards) ** 2).mean()
    return loss - ENTROPY_COEF * entropy.mean() / HORIZON, rewards, torch.stack(logits_of, 1)


def training_loss(weights, operands):
    contexts = F.pad(operands[:, : 3 + STAGE], (0, 1), value=CTX)
    return loss_of(weights, STAGE, operands, contexts)[0]


compiled = torch.compile(training_loss, fullgraph=True)
weights = dict(model.named_parameters())
parameters = list(weights.values())


def iterate():
    loss = compiled(weights, torch.randint(0, 10, (BATCH, 5)))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, MAX_GRAD_NORM, foreach=True)
    optimizer.step()
    loss.item()


def check(golden):
    network = Model()
    load(network, group(golden, "init."))
    step = {name: torch.from_numpy(array.copy()).long() for name, array in group(golden, "step0.").items() if array.dtype.kind == "i"}
    stage = int(step["stage"][0])
    compiled_loss = torch.compile(loss_of, fullgraph=True)
    loss, rewards, logits = compiled_loss(dict(network.named_parameters()), stage, step["operands"], step["context"], step["actions"])
    adam_of = adam(network, fused=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRAD_NORM, foreach=True)
    adam_of.step()
    return {
        "loss": loss.item(),
        "gradNorm": norm,
        "logits": logits.detach().numpy(),
        "rewards": rewards.numpy(),
        "weights": weights_of(network),
    }


common.serve(f"torch {torch.__version__}", check, iterate)
