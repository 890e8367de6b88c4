"""Writes the golden weights as two ONNX models: `decision` (token, state → next token, value, state) and `program` (a whole greedy one)."""

import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

from common import CTX, HIDDEN, HORIZON, VOCAB, group, read_golden


def onnx_gates(array):
    """PyTorch's r, z, n as ONNX's z, r, h."""
    r, z, n = np.split(array, 3)
    return np.concatenate([z, r, n])


class Graph:
    def __init__(self, weights):
        bias = np.concatenate([onnx_gates(weights["rnn.bias_ih_l0"]), onnx_gates(weights["rnn.bias_hh_l0"])])
        constants = {
            "emb": weights["emb.weight"],
            "stage_emb": weights["stage_emb.weight"],
            "W": onnx_gates(weights["rnn.weight_ih_l0"])[None],
            "R": onnx_gates(weights["rnn.weight_hh_l0"])[None],
            "B": bias[None],
            "heads": np.concatenate([weights["pi.weight"], weights["v.weight"]]).T.copy(),
            "heads_bias": np.concatenate([weights["pi.bias"], weights["v.bias"]]),
            "first": np.array([0], np.int64),
            "parts": np.array([VOCAB, 1], np.int64),
            "one": np.array([1], np.int64),
            "zero": np.array(0, np.int64),
            "start": np.array(CTX, np.int64),
        }
        self.initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
        self.nodes = []
        self.count = 0

    def add(self, kind, inputs, outputs=1, names=None, **attributes):
        self.count += 1
        names = names or [f"{kind}{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if len(names) == 1 else names

    def step(self, token, state, names=(None, None, None)):
        """token [n], state [1, n, H] → greedy token [n], logits [n, V], value [n, 1], state [1, n, H]."""
        x = self.add("Unsqueeze", [self.add("Gather", ["emb", token]), "first"])
        next_state = names[2] or f"state{self.count}"
        self.nodes.append(
            helper.make_node("GRU", [x, "W", "R", "B", "", state], ["", next_state], hidden_size=HIDDEN, linear_before_reset=1)
        )
        h = self.add("Squeeze", [next_state, "first"])
        both = self.add("Gemm", [h, "heads", "heads_bias"])
        logits, value = self.add("Split", [both, "parts"], names=[f"logits{self.count}", names[1] or f"value{self.count}"], axis=1)
        token = self.add("ArgMax", [logits], names=[names[0]] if names[0] else None, axis=1, keepdims=0)
        return token, logits, value, next_state

    def save(self, path, inputs, outputs):
        def info(entries):
            return [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in entries]

        graph = helper.make_graph(self.nodes, "innate", info(inputs), info(outputs), self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        checker.check_model(model)
        save(model, path)


def decision(weights, path):
    graph = Graph(weights)
    graph.step("token", "state", ("action", "value", "next_state"))
    state = (TensorProto.FLOAT, [1, "n", HIDDEN])
    outputs = [("action", TensorProto.INT64, ["n"]), ("value", TensorProto.FLOAT, ["n", 1]), ("next_state", *state)]
    graph.save(path, [("token", TensorProto.INT64, ["n"]), ("state", *state)], outputs)


def program(weights, path):
    graph = Graph(weights)
    shown = graph.add("ReduceMean", [graph.add("Gather", ["emb", "contexts"]), "one"], keepdims=0)
    start = graph.add("Tanh", [graph.add("Add", [shown, graph.add("Gather", ["stage_emb", "stages"])])])
    state = graph.add("Unsqueeze", [start, "first"])
    token = graph.add("Add", [graph.add("Mul", ["stages", "zero"]), "start"])  # [n] whatever n is.
    actions, logits, values = [], [], []
    for _ in range(HORIZON):
        token, logit, value, state = graph.step(token, state)
        actions.append(graph.add("Unsqueeze", [token, "one"]))
        logits.append(graph.add("Unsqueeze", [logit, "one"]))
        values.append(value)
    graph.add("Concat", actions, names=["actions"], axis=1)
    graph.add("Concat", logits, names=["logits"], axis=1)
    graph.add("Concat", values, names=["values"], axis=1)
    inputs = [("contexts", TensorProto.INT64, ["n", "l"]), ("stages", TensorProto.INT64, ["n"])]
    outputs = [
        ("actions", TensorProto.INT64, ["n", HORIZON]),
        ("logits", TensorProto.FLOAT, ["n", HORIZON, VOCAB]),
        ("values", TensorProto.FLOAT, ["n", HORIZON]),
    ]
    graph.save(path, inputs, outputs)


golden, folder = sys.argv[1:]
weights = group(read_golden(golden), "init.")
decision(weights, f"{folder}/decision.onnx")
program(weights, f"{folder}/program.onnx")
