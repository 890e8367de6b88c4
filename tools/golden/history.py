"""Attention over a row's own past in PyTorch: what the network says of a batch, a loss, and its gradient.

    python3 tools/golden/history.py __test__/golden/history/minibatch.safetensors

The network is torch.nn.GRU over the embedding of the token before, the clock and a vector; torch's scaled_dot_product_attention of the last
layer's states over those of the steps before, with a bias by distance, and heads over both. Episodes begin inside the sequences; rows go on from
stored states. Needs torch 2.15.0, numpy and safetensors.
"""

import math
import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

VOCABULARY, ACTIONS, WIDTH, HIDDEN, LAYERS = 6, 5, 3, 8, 2
ROWS, STEPS, START, WINDOW, HEADS, HEAD = 7, 6, 5, 4, 2, 32
PERIODS = [4 * 2**k for k in range(8)]
VALUE_COEF, ENTROPY_COEF = 0.5, 0.01


def clock(ages):
    turns = 2 * math.pi * ages.double().unsqueeze(-1) / torch.tensor(PERIODS, dtype=torch.float64)
    return torch.stack([turns.sin(), turns.cos()], -1).flatten(-2).float()


class History(nn.Module):
    def __init__(self):
        super().__init__()
        made_of = HIDDEN + 2 * len(PERIODS)
        self.query = nn.Linear(made_of, HEADS * HEAD, bias=False)
        self.key = nn.Linear(made_of, HEADS * HEAD, bias=False)
        self.value = nn.Linear(HIDDEN, HEADS * HEAD, bias=False)
        self.bias = nn.Parameter(torch.randn(HEADS, WINDOW) * 0.5)

    def forward(self, past, states, ages):
        """Of states [n, T, H] after past ones [n, W, H], at steps `ages` [n, T] of their episodes."""
        everything = torch.cat([past, states], 1)
        places = torch.arange(WINDOW + STEPS)
        back = (places[WINDOW:].unsqueeze(1) - places).unsqueeze(0)
        seen = (back >= 1) & (back <= ages.unsqueeze(-1).clamp(max=WINDOW))
        all_ages = torch.cat([ages[:, :1] + torch.arange(-WINDOW, 0), ages], 1)
        split = lambda x: x.unflatten(-1, (HEADS, HEAD)).transpose(1, 2)
        query = split(self.query(torch.cat([states, clock(ages)], -1)))
        key = split(self.key(torch.cat([everything, clock(all_ages)], -1)))
        bias = self.bias[:, (back - 1).clamp(0, WINDOW - 1)[0]].unsqueeze(0)
        none = ~seen.any(-1)
        mask = bias.masked_fill(~(seen | none.unsqueeze(-1)).unsqueeze(1), float("-inf"))
        out = F.scaled_dot_product_attention(query, key, split(self.value(everything)), mask)
        return out.masked_fill(none[:, None, :, None], 0).transpose(1, 2).flatten(-2)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCABULARY, HIDDEN)
        self.rnn = nn.GRU(HIDDEN + 2 * len(PERIODS) + WIDTH, HIDDEN, LAYERS, batch_first=True)
        self.attn = nn.ModuleDict({"history": History()})
        self.pi = nn.Linear(HIDDEN + HEADS * HEAD, ACTIONS)
        self.v = nn.Linear(HIDDEN + HEADS * HEAD, 1)

    def forward(self, batch):
        starts, ages = batch["starts"].float(), [batch["ages"]]
        for t in range(STEPS):
            ages.append(torch.where(batch["starts"][:, t] == 1, 0, ages[-1] + (t > 0)))
        ages = torch.stack(ages[1:], 1)
        read = torch.cat([self.emb(batch["inputs"].long()), clock(ages), batch["dense"]], -1)
        state, out = batch["states"].transpose(0, 1).contiguous(), []
        for t in range(STEPS):
            state = state * (1 - starts[:, t]).reshape(1, ROWS, 1)
            step, state = self.rnn(read[:, t : t + 1], state)
            out.append(step)
        out = torch.cat(out, 1)
        # At the first step of a row that begins an episode, what was stored is of another: the step's age says so.
        out = torch.cat([out, self.attn["history"](batch["past"], out, ages)], -1)
        return torch.log_softmax(self.pi(out), -1), self.v(out).squeeze(-1)


def draw():
    starts = (torch.rand(ROWS, STEPS) < 0.2).to(torch.uint8)
    starts[0, 0], starts[1], starts[0, 3] = 1, 0, 1
    actions = torch.randint(0, ACTIONS, (ROWS, STEPS), dtype=torch.int32)
    before = torch.cat([torch.randint(0, ACTIONS, (ROWS, 1), dtype=torch.int32), actions[:, :-1]], 1)
    return {
        "states": torch.rand(ROWS, LAYERS, HIDDEN) * 2 - 1,
        "ages": torch.tensor([3, 9, 1, 600, 4, 0, 2], dtype=torch.int32),
        "past": torch.rand(ROWS, WINDOW, HIDDEN) * 2 - 1,
        "starts": starts,
        "inputs": torch.where(starts == 1, torch.tensor(START, dtype=torch.int32), before),
        "dense": torch.randn(ROWS, STEPS, WIDTH),
        "actions": actions,
        "advantages": torch.randn(ROWS, STEPS),
        "value_targets": torch.randn(ROWS, STEPS),
    }


def main(path):
    torch.manual_seed(1)
    network, batch = Network(), draw()
    out = {f"init.{name}": tensor.detach().clone() for name, tensor in network.state_dict().items()}
    log_policy, values = network(batch)
    log_probs = log_policy.gather(-1, batch["actions"].long().unsqueeze(-1)).squeeze(-1)
    policy = log_policy.exp()
    entropy = -(policy * (policy + 1e-9).log()).sum(-1).mean()
    errors = (values - batch["value_targets"]) ** 2
    loss = -(log_probs * batch["advantages"]).mean() + VALUE_COEF * errors.mean() - ENTROPY_COEF * entropy
    loss.backward()
    out |= {f"grad.{name}": parameter.grad.clone() for name, parameter in network.named_parameters()}
    out |= {"loss": loss.detach().reshape(1), "log_probs": log_probs.detach(), "values": values.detach()}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in (out | batch).items()}, path)


if __name__ == "__main__":
    main(sys.argv[1])
