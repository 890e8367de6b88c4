"""PyTorch, in two ways: `torch_peer.py script` or `compiled`.

The script is the tutorial's, re-made: a Python loop over the steps, `Categorical` at each, and each program scored by Python. The other is
written for speed: sampling, machine and loss in one graph for `torch.compile`, fused Adam, token·W_ih as a table of 18 rows, no Python between
the steps.
"""

import random
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

import common
from common import ADD, ANS, BATCH, CTX, ENTROPY_COEF, HIDDEN, HORIZON, LEARNING_RATE, MAX_GRAD_NORM, MUL, RCL, STAGE, STO, SUB, THREADS, VALUE_COEF, VOCAB, group
from vector_machine import vector_machine

COMPILED = sys.argv[1] == "compiled"
torch.set_num_threads(THREADS)
torch.manual_seed(0)


class Model(nn.Module):
    """The tutorial's network, by its names."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, HIDDEN)
        self.stage_emb = nn.Embedding(3, HIDDEN)
        self.rnn = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.pi = nn.Linear(HIDDEN, VOCAB)
        self.v = nn.Linear(HIDDEN, 1)
        self.adam = torch.optim.Adam(self.parameters(), lr=LEARNING_RATE, fused=COMPILED or None)


def update(model, loss):
    """Clips, and steps; the gradients' norm before."""
    model.adam.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM, foreach=COMPILED or None)
    model.adam.step()
    return norm


def total_loss(log_prob, value, entropy, rewards):
    """Of sums over the steps; entropy is their mean."""
    advantage = (rewards - value).detach()
    return -(log_prob * advantage).mean() + VALUE_COEF * ((value - rewards) ** 2).mean() - ENTROPY_COEF * entropy.mean()


def step_seq(stage, operands, tokens):
    """The tutorial's machine on one program: its reward."""
    a, b, c, d, e = operands
    goal0 = a * b
    goal1 = goal0 + c
    goal2 = goal1 - d
    goal3 = d * e
    goal4 = goal1 - goal3
    last, mem = None, None
    for token in tokens[:7]:
        if token == MUL:
            last = a * b if last is None else last * (d if stage > 0 else 1)
        elif token == ADD and last is not None:
            last += c
        elif token == SUB and last is not None:
            if stage == 2 and mem is not None:
                last -= e
            elif stage > 0:
                last -= d
        elif token == STO:
            mem = last if last is not None else 0
        elif token == RCL and mem is not None:
            if stage == 2:
                last = d * e
            elif last is None:
                last = 0
        elif token == ANS:
            if stage == 0:
                shaped = 0.25 * (last == goal0) + 0.5 * (last == goal1)
            elif stage == 1:
                shaped = 0.25 * (last == goal0) + 0.5 * (last == goal1) + 0.75 * (last == goal2)
            else:
                shaped = 0.2 * (last == goal0) + 0.4 * (last == goal1) + 0.6 * (last == goal4) + 0.6 * (last == goal3)
            return float(last == (goal0, goal1, goal2)[stage]) + 0.2 * shaped
    return 0.0


def script_loss(model, stages, operands, contexts, forced=None):
    """Step by step, as the tutorial has it: loss, rewards, logits. The operands are lists."""
    h = torch.tanh(model.emb(contexts).mean(1) + model.stage_emb(stages)).unsqueeze(0)
    token = torch.full((len(stages),), CTX)
    actions, log_probs, entropies, values, all_logits = [], [], [], [], []
    for t in range(HORIZON):
        out, h = model.rnn(model.emb(token).unsqueeze(1), h)
        out = out[:, 0]
        logits = model.pi(out)
        dist = Categorical(logits=logits)
        token = dist.sample() if forced is None else forced[:, t]
        actions.append(token)
        log_probs.append(dist.log_prob(token))
        entropies.append(-(dist.probs * (dist.probs + 1e-9).log()).sum(-1))
        values.append(model.v(out).squeeze(-1))
        all_logits.append(logits)
    actions, log_probs, entropies, values, logits = (torch.stack(x, 1) for x in (actions, log_probs, entropies, values, all_logits))
    rewards = torch.tensor([step_seq(*problem) for problem in zip(stages.tolist(), operands, actions.tolist())])
    return total_loss(log_probs.sum(1), values.sum(1), entropies, rewards), rewards, logits


def vector_loss(weights, stage, operands, contexts, forced=None):
    """The same in one graph."""
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
    return total_loss(log_prob, value, entropy / HORIZON, rewards), rewards, torch.stack(logits_of, 1)


def training_loss(weights, operands):
    contexts = F.pad(operands[:, : 3 + STAGE], (0, 1), value=CTX)
    return vector_loss(weights, STAGE, operands, contexts)[0]


compiled = torch.compile(training_loss, fullgraph=True)
trained = Model()
weights = dict(trained.named_parameters())


def iterate():
    if COMPILED:
        loss = compiled(weights, torch.randint(0, 10, (BATCH, 5)))
    else:
        operands = [[random.randint(0, 9) for _ in range(5)] for _ in range(BATCH)]
        contexts = torch.tensor([row[: 3 + STAGE] + [CTX] for row in operands])
        loss, _, _ = script_loss(trained, torch.full((BATCH,), STAGE), operands, contexts)
    update(trained, loss)
    loss.item()


def check(golden):
    model = Model()
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in group(golden, "init.").items()})
    names = ("stage", "operands", "context", "actions")
    stages, operands, *rest = (torch.from_numpy(golden[f"step0.{name}"].copy()).long() for name in names)
    if COMPILED:
        vector = torch.compile(vector_loss, fullgraph=True)
        loss, rewards, logits = vector(dict(model.named_parameters()), int(stages[0]), operands, *rest)
    else:
        loss, rewards, logits = script_loss(model, stages, operands.tolist(), *rest)
    norm = update(model, loss).item()
    after = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    return {"loss": loss.item(), "gradNorm": norm, "logits": logits.detach(), "rewards": rewards, "weights": after}


common.serve(f"torch {torch.__version__}", check, iterate)
