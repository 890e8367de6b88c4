"""One PPO minibatch in PyTorch: the loss, its terms, its gradient, and the weights after one step of Adam.

    python3 tools/golden/ppo.py __test__/golden/ppo/minibatch.safetensors

The network is torch.nn.GRU over the embedding of the token before, a flag where an episode begins, two one-hots and a vector; episodes begin
inside the sequences, at the zero state, and the states before the first step are given. Needs torch 2.15.0, numpy and safetensors.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

VOCABULARY, ACTIONS, SIZES, WIDTH, HIDDEN, LAYERS = 6, 5, (2, 3), 3, 8, 2
ROWS, STEPS, START = 7, 6, 5
CLIP, VALUE_CLIP, VALUE_COEF, ENTROPY_COEF, MAX_NORM = 0.2, 0.2, 0.5, 0.01, 0.1


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCABULARY, HIDDEN)
        self.rnn = nn.GRU(HIDDEN + 1 + sum(SIZES) + WIDTH, HIDDEN, LAYERS, batch_first=True)
        self.pi = nn.Linear(HIDDEN, ACTIONS)
        self.v = nn.Linear(HIDDEN, 1)

    def forward(self, batch):
        discrete = [F.one_hot(batch["discrete"][..., i].long(), size) for i, size in enumerate(SIZES)]
        starts = batch["starts"].float().unsqueeze(-1)
        read = torch.cat([self.emb(batch["inputs"].long()), starts, *discrete, batch["dense"]], -1)
        state, out = batch["states"].transpose(0, 1).contiguous(), []
        for t in range(STEPS):
            state = state * (1 - starts[:, t]).unsqueeze(0)
            step, state = self.rnn(read[:, t : t + 1], state)
            out.append(step)
        out = torch.cat(out, 1)
        logits = self.pi(out).masked_fill(batch["allowed"] == 0, float("-inf"))
        return torch.log_softmax(logits, -1), self.v(out).squeeze(-1)


def draw():
    starts = (torch.rand(ROWS, STEPS) < 0.25).to(torch.uint8)
    starts[0, 0], starts[1, 0], starts[0, 3] = 1, 0, 1
    allowed = (torch.rand(ROWS, STEPS, ACTIONS) < 0.7).to(torch.uint8)
    actions = torch.randint(0, ACTIONS, (ROWS, STEPS), dtype=torch.int32)
    allowed.scatter_(2, actions.long().unsqueeze(-1), 1)
    before = torch.cat([torch.randint(0, ACTIONS, (ROWS, 1), dtype=torch.int32), actions[:, :-1]], 1)
    return {
        "states": torch.rand(ROWS, LAYERS, HIDDEN) * 2 - 1,
        "starts": starts,
        "inputs": torch.where(starts == 1, torch.tensor(START, dtype=torch.int32), before),
        "discrete": torch.stack([torch.randint(0, size, (ROWS, STEPS), dtype=torch.int32) for size in SIZES], -1),
        "dense": torch.randn(ROWS, STEPS, WIDTH),
        "actions": actions,
        "allowed": allowed,
    }


def main(path):
    torch.manual_seed(1)
    network, batch = Network(), draw()
    with torch.no_grad():
        log_policy, values = network(batch)
        taken = log_policy.gather(-1, batch["actions"].long().unsqueeze(-1)).squeeze(-1)
        batch["old_log_probs"] = taken + torch.randn(ROWS, STEPS) * 0.25
        batch["old_values"] = values + torch.randn(ROWS, STEPS) * 0.3
        batch["value_targets"] = batch["old_values"] + torch.randn(ROWS, STEPS)
        raw = torch.randn(ROWS, STEPS) * 3 + 1
        batch["advantages"] = (raw - raw.mean()) / (raw.std(unbiased=False) + 1e-8)
    out = {f"init.{name}": tensor.detach().clone() for name, tensor in network.state_dict().items()}

    log_policy, values = network(batch)
    log_probs = log_policy.gather(-1, batch["actions"].long().unsqueeze(-1)).squeeze(-1)
    policy = log_policy.exp()
    entropy = -(policy * (policy + 1e-9).log()).sum(-1).mean()
    log_ratio = log_probs - batch["old_log_probs"]
    ratio, advantages = log_ratio.exp(), batch["advantages"]
    gain = torch.min(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages)
    near = batch["old_values"] + (values - batch["old_values"]).clamp(-VALUE_CLIP, VALUE_CLIP)
    errors = torch.max((values - batch["value_targets"]) ** 2, (near - batch["value_targets"]) ** 2)
    loss = -gain.mean() + VALUE_COEF * errors.mean() - ENTROPY_COEF * entropy
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-4, eps=1e-8)
    loss.backward()
    out |= {f"grad.{name}": parameter.grad.clone() for name, parameter in network.named_parameters()}
    norm = nn.utils.clip_grad_norm_(network.parameters(), MAX_NORM)
    optimizer.step()
    out |= {f"after.{name}": tensor.detach().clone() for name, tensor in network.state_dict().items()}
    terms = [loss, -gain.mean(), errors.mean(), entropy, (ratio - 1 - log_ratio).mean()]
    terms += [((ratio - 1).abs() > CLIP).float().mean(), norm]
    out |= {"terms": torch.stack([term.detach() for term in terms]), "log_probs": log_probs.detach(), "values": values.detach()}
    save_file({name: tensor.contiguous() for name, tensor in (out | batch).items()}, path)


if __name__ == "__main__":
    main(sys.argv[1])
