"""The tutorial's machine on a whole batch of one stage, for PyTorch and JAX alike: `np` is `torch` or `jax.numpy`."""

from common import ADD, ANS, MUL, RCL, STO, SUB


class vector_machine:
    def __init__(self, np, stage, operands):
        self.np, self.stage = np, stage
        self.operands = [operands[:, i] for i in range(5)]
        zero = operands[:, 0] * 0
        # Values are integers; the flags say whether `last` and `mem` are set and whether the program has ended.
        self.state = (zero, zero > 0, zero > 0, zero > 0)

    def step(self, token):
        self.state = self.next(self.state, token)

    def next(self, state, token):
        last, full, mem, ended = state
        where, stage = self.np.where, self.stage
        a, b, c, d, e = self.operands
        live = ~ended
        mul, add, sub = live & (token == MUL), live & (token == ADD), live & (token == SUB)
        recall = live & (token == RCL) & mem
        changed = where(mul, where(full, last * (d if stage > 0 else 1), a * b), last)
        changed = where(add & full, changed + c, changed)
        if stage > 0:
            changed = where(sub & full, changed - (where(mem, e, d) if stage == 2 else d), changed)
        changed = where(recall, d * e if stage == 2 else where(full, last, 0), changed)
        return changed, full | mul | recall, mem | (live & (token == STO)), ended | (token == ANS)

    def reward(self):
        last, full, _, ended = self.state
        a, b, c, d, e = self.operands
        goals = (a * b, a * b + c, a * b + c - d, d * e, a * b + c - d * e)
        weights = ((0.25, 0.5), (0.25, 0.5, 0.75), (0.2, 0.4, 0, 0.6, 0.6))[self.stage]
        hits = [(last == goal) & full & ended for goal in goals]
        shaped = sum(weight * hit for weight, hit in zip(weights, hits))
        return hits[self.stage] + 0.2 * shaped
