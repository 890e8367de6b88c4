"""The tutorial's PyTorch script, re-made: a Python loop over the steps, `Categorical` at each, and each program scored by Python."""

import random

import torch
from torch.distributions import Categorical

import common
from common import BATCH, CTX, ENTROPY_COEF, HORIZON, MAX_GRAD_NORM, STAGE, THREADS, VALUE_COEF, group, step_seq
from torch_model import Model, adam, load, weights_of

torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = Model()
optimizer = adam(model)


def rollout(network, contexts, stages, forced=None):
    h = network.start(contexts, stages).unsqueeze(0)
    token = torch.full((len(stages),), CTX)
    actions, log_probs, entropies, values, all_logits = [], [], [], [], []
    for t in range(HORIZON):
        out, h = network.rnn(network.emb(token).unsqueeze(1), h)
        out = out[:, 0]
        logits = network.pi(out)
        dist = Categorical(logits=logits)
        token = dist.sample() if forced is None else forced[:, t]
        actions.append(token)
        log_probs.append(dist.log_prob(token))
        entropies.append(-(dist.probs * (dist.probs + 1e-9).log()).sum(-1))
        values.append(network.v(out).squeeze(-1))
        all_logits.append(logits)
    return [torch.stack(x, 1) for x in (actions, log_probs, entropies, values, all_logits)]


def update(network, adam_of, log_probs, entropies, values, rewards):
    value = values.sum(1)
    advantage = (rewards - value).detach()
    policy_loss = -(log_probs.sum(1) * advantage).mean()
    value_loss = ((value - rewards) ** 2).mean()
    loss = policy_loss + VALUE_COEF * value_loss - ENTROPY_COEF * entropies.mean()
    adam_of.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRAD_NORM)
    adam_of.step()
    return loss.item(), norm


def iterate():
    operands = [[random.randint(0, 9) for _ in range(5)] for _ in range(BATCH)]
    contexts = torch.tensor([row[: 3 + STAGE] + [CTX] for row in operands])
    stages = torch.full((BATCH,), STAGE)
    actions, log_probs, entropies, values, _ = rollout(model, contexts, stages)
    rewards = torch.tensor([step_seq(STAGE, row, program) for row, program in zip(operands, actions.tolist())])
    update(model, optimizer, log_probs, entropies, values, rewards)


def check(golden):
    network = Model()
    load(network, group(golden, "init."))
    step = {name: torch.from_numpy(array.copy()) for name, array in group(golden, "step0.").items()}
    actions, log_probs, entropies, values, logits = rollout(
        network, step["context"].long(), step["stage"].long(), step["actions"].long()
    )
    stages, operands, programs = (step[name].tolist() for name in ("stage", "operands", "actions"))
    rewards = torch.tensor([step_seq(*problem) for problem in zip(stages, operands, programs)])
    loss, norm = update(network, adam(network), log_probs, entropies, values, rewards)
    return {
        "loss": loss,
        "gradNorm": norm,
        "logits": logits.detach().numpy(),
        "rewards": rewards.numpy(),
        "weights": weights_of(network),
    }


common.serve(f"torch {torch.__version__}", check, iterate)
