"""Prompts read in order and attended to, in PyTorch: what the network says of given programs, a loss's gradient, and the weights after a step.

    python3 -P tools/golden/reading.py __test__/golden/reading

With -P the generator beside it that is called statistics.py does not stand in for the module. Writes in_order.safetensors, where the encoder is torch.nn.GRU over packed contexts, and pooled.safetensors, where a context is the mean of its
embeddings; in_order_values and pooled_values the same with a number beside each token, by torch.nn.Linear(1, H, bias=False) added to the embedding. All attend by scaled_dot_product_attention. Needs torch 2.15.0, numpy and safetensors.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

VOCABULARY, STAGES, HIDDEN, ROWS, LENGTH, STEPS, START = 7, 2, 8, 9, 5, 4, 3
VALUE_COEF, ENTROPY_COEF = 0.5, 0.01


class Network(nn.Module):
    def __init__(self, in_order, reads_values):
        super().__init__()
        self.emb = nn.Embedding(VOCABULARY, HIDDEN)
        self.stage_emb = nn.Embedding(STAGES, HIDDEN)
        self.value_emb = nn.Linear(1, HIDDEN, bias=False) if reads_values else None
        self.encoder = nn.GRU(HIDDEN, HIDDEN, batch_first=True) if in_order else None
        self.rnn = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.attn = nn.ModuleDict({"prompt": nn.ModuleDict({"query": nn.Linear(HIDDEN, HIDDEN, bias=False)})})
        self.pi = nn.Linear(2 * HIDDEN, VOCABULARY)
        self.v = nn.Linear(2 * HIDDEN, 1)

    def read(self, batch):
        tokens, lengths = self.emb(batch["contexts"].long()), batch["lengths"].long()
        if self.value_emb is not None:
            tokens = tokens + self.value_emb(batch["numbers"].unsqueeze(2))
        counts = torch.arange(LENGTH) < lengths.unsqueeze(1)
        if self.encoder is None:
            return tokens, counts, (tokens * counts.unsqueeze(2)).sum(1) / lengths.unsqueeze(1)
        packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        out, last = self.encoder(packed)
        states, _ = pad_packed_sequence(out, batch_first=True, total_length=LENGTH)
        return states, counts, last.squeeze(0)

    def forward(self, batch):
        memory, counts, context = self.read(batch)
        first = torch.tanh(context + self.stage_emb(batch["stages"].long()))
        start = torch.full((ROWS, 1), START)
        before = torch.cat([start, batch["actions"][:, :-1].long()], 1)
        out, _ = self.rnn(self.emb(before), first.unsqueeze(0))
        query = self.attn["prompt"]["query"](out)
        read = F.scaled_dot_product_attention(query, memory, memory, attn_mask=counts.unsqueeze(1).expand(-1, STEPS, -1))
        both = torch.cat([out, read], -1)
        return self.pi(both), self.v(both).squeeze(-1)


def main(folder):
    for name, in_order, reads_values in [
        ("in_order", True, False),
        ("pooled", False, False),
        ("in_order_values", True, True),
        ("pooled_values", False, True),
    ]:
        torch.manual_seed(2)
        network = Network(in_order, reads_values)
        batch = {
            "contexts": torch.randint(0, VOCABULARY, (ROWS, LENGTH), dtype=torch.int32),
            "lengths": torch.tensor([5, 1, 3, 2, 5, 4, 1, 5, 2], dtype=torch.int32),
            "stages": torch.randint(0, STAGES, (ROWS,), dtype=torch.int32),
            "actions": torch.randint(0, VOCABULARY, (ROWS, STEPS), dtype=torch.int32),
            "advantages": torch.randn(ROWS, STEPS),
            "value_targets": torch.randn(ROWS, STEPS),
        }
        if reads_values:
            batch["numbers"] = torch.randn(ROWS, LENGTH)
        out = {f"init.{key}": tensor.detach().clone() for key, tensor in network.state_dict().items()}
        logits, values = network(batch)
        log_policy = torch.log_softmax(logits, -1)
        log_probs = log_policy.gather(-1, batch["actions"].long().unsqueeze(-1)).squeeze(-1)
        policy = log_policy.exp()
        entropy = -(policy * (policy + 1e-9).log()).sum(-1).mean()
        errors = ((values - batch["value_targets"]) ** 2).mean()
        loss = -(log_probs * batch["advantages"]).mean() + VALUE_COEF * errors - ENTROPY_COEF * entropy
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-4, eps=1e-8)
        loss.backward()
        out |= {f"grad.{key}": parameter.grad.clone() for key, parameter in network.named_parameters()}
        optimizer.step()
        out |= {f"after.{key}": tensor.detach().clone() for key, tensor in network.state_dict().items()}
        out |= {"logits": logits.detach(), "log_probs": log_probs.detach(), "values": values.detach(), "loss": loss.detach().reshape(1)}
        save_file({key: tensor.contiguous() for key, tensor in (out | batch).items()}, f"{folder}/{name}.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
