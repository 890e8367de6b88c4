"""Writes the golden weights as two ONNX models: `decision` (token, state → next token, value, next state) and `program` (a whole greedy one)."""

import sys

import numpy as np
from onnx import checker, numpy_helper, parser, save

from common import CTX, HIDDEN, HORIZON, VOCAB, group, read_golden

# token [n], state [1, n, H] → greedy next token [n], value [n, 1], next state [1, n, H].
STEP = """
    embedded{i} = Gather(emb, {token})
    x{i} = Unsqueeze(embedded{i}, first)
    skip{i}, {next_state} = GRU<hidden_size = %d, linear_before_reset = 1>(x{i}, W, R, B, none, {state})
    h{i} = Squeeze({next_state}, first)
    both{i} = Gemm(h{i}, heads, heads_bias)
    logits{i}, value{i} = Split<axis = 1>(both{i}, parts)
    {next_token} = ArgMax<axis = 1, keepdims = 0>(logits{i})
""" % HIDDEN


def onnx_gates(array):
    """PyTorch's r, z, n as ONNX's z, r, h."""
    r, z, n = np.split(array, 3)
    return np.concatenate([z, r, n])


def write(path, inputs, outputs, nodes, constants):
    text = f'<ir_version: 10, opset_import: ["" : 21]> innate ({inputs}) => ({outputs}) {{{nodes}}}'
    model = parser.parse_model(text)
    for node in model.graph.node:
        node.input[:] = ["" if name == "none" else name for name in node.input]
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    checker.check_model(model)
    save(model, path)


golden, folder = sys.argv[1:]
weights = group(read_golden(golden), "init.")
constants = {
    "emb": weights["emb.weight"],
    "stage_emb": weights["stage_emb.weight"],
    "W": onnx_gates(weights["rnn.weight_ih_l0"])[None],
    "R": onnx_gates(weights["rnn.weight_hh_l0"])[None],
    "B": np.concatenate([onnx_gates(weights["rnn.bias_ih_l0"]), onnx_gates(weights["rnn.bias_hh_l0"])])[None],
    "heads": np.concatenate([weights["pi.weight"], weights["v.weight"]]).T.copy(),
    "heads_bias": np.concatenate([weights["pi.bias"], weights["v.bias"]]),
    "parts": np.array([VOCAB, 1], np.int64),
    "first": np.array([0], np.int64),
    "second": np.array([1], np.int64),
    "zero": np.array(0, np.int64),
    "start": np.array(CTX, np.int64),
}
state = f"float[1, n, {HIDDEN}]"
decision = STEP.format(i=0, token="token", state="state", next_token="action", next_state="next_state")
decided = f"int64[n] action, float[n, 1] value0, {state} next_state"
write(f"{folder}/decision.onnx", f"int64[n] token, {state} state", decided, decision, constants)

steps = [STEP.format(i=i, token=f"token{i}", state=f"state{i}", next_token=f"token{i + 1}", next_state=f"state{i + 1}") for i in range(HORIZON)]
columns = [f"column{i} = Unsqueeze(token{i + 1}, second)\n" for i in range(HORIZON)]
# The first token is [n] whatever n is.
program = f"""
    shown = Gather(emb, contexts)
    pooled = ReduceMean<keepdims = 0>(shown, second)
    stage = Gather(stage_emb, stages)
    sum = Add(pooled, stage)
    h = Tanh(sum)
    state0 = Unsqueeze(h, first)
    zeros = Mul(stages, zero)
    token0 = Add(zeros, start)
    {"".join(steps + columns)}
    actions = Concat<axis = 1>({", ".join(f"column{i}" for i in range(HORIZON))})
    values = Concat<axis = 1>({", ".join(f"value{i}" for i in range(HORIZON))})
"""
outputs = f"int64[n, {HORIZON}] actions, float[n, {HORIZON}] values"
write(f"{folder}/program.onnx", "int64[n, l] contexts, int64[n] stages", outputs, program, constants)
