"""What is tested of exported agents in Python: `npm run test:onnx` runs it, on the folder that __test__/onnx/support/write-models.ts filled.

ONNX's own checker on every file, the operators that the guide names, a checkpoint computed in NumPy by PyTorch's conventions, and the Python blocks of
the guide; the one in PyTorch where torch is installed.
"""

import ast
import contextlib
import io
import json
import os
import re
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

GUIDE = "docs/guide/onnx.md"


def check_models(folder, guide):
    """Every file is valid, with shapes that can be inferred, and all together use the operators that the guide names and no others."""
    used = set()
    files = sorted(name for name in os.listdir(folder) if name.endswith(".onnx"))
    for name in files:
        model = onnx.load(os.path.join(folder, name))
        onnx.checker.check_model(model, full_check=True)
        assert [(each.domain, each.version) for each in model.opset_import] == [("", 13)], name
        assert model.ir_version == 7, name
        used |= {node.op_type for node in model.graph.node}
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        declared = {each.name: each.type for each in model.graph.output}
        assert declared == {each.name: each.type for each in inferred.graph.output}, name
    named = set(re.search(r"nothing else: `([^`]*)`", guide).group(1).split())
    assert used == named, f"not in the guide: {sorted(used - named)}; not used: {sorted(named - used)}"
    print(f"{len(files)} models are valid and use {len(used)} operators, those of the guide")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def check_checkpoint(folder):
    """The program of a checkpoint, by the names and the layout that PyTorch has."""
    with open(os.path.join(folder, "said.json")) as file:
        said = json.load(file)
    weights = load_file(os.path.join(folder, "agent.safetensors"))
    with open(os.path.join(folder, "agent.safetensors"), "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        sections = json.loads(file.read(length))["__metadata__"]
    rollout = json.loads(sections["rollout"])
    stages = np.array(said["stages"])
    contexts = np.array(said["contexts"]).reshape(len(stages), -1)
    expected = np.array(said["actions"]).reshape(len(stages), -1)
    emb = weights["emb.weight"]
    state = np.tanh(emb[contexts].mean(1) + weights["stage_emb.weight"][stages])
    token = np.full(len(stages), rollout["startToken"])
    largest = 0
    for step in range(rollout["horizon"]):
        gates = np.split(emb[token] @ weights["rnn.weight_ih_l0"].T + weights["rnn.bias_ih_l0"], 3, 1)
        own = np.split(state @ weights["rnn.weight_hh_l0"].T + weights["rnn.bias_hh_l0"], 3, 1)
        r, z = sigmoid(gates[0] + own[0]), sigmoid(gates[1] + own[1])
        new = np.tanh(gates[2] + r * own[2])
        state = (1 - z) * new + z * state
        logits = state @ weights["pi.weight"].T + weights["pi.bias"]
        if rollout["actionMask"] is not None:
            logits[:, ~np.array(rollout["actionMask"])] = -np.inf
        token = logits.argmax(1)
        assert (token == expected[:, step]).all()
        values = (state @ weights["v.weight"].T + weights["v.bias"])[:, 0]
        largest = max(largest, np.abs(values - np.array(said["values"]).reshape(expected.shape)[:, step]).max())
    assert largest <= 1e-5, largest
    session = onnxruntime.InferenceSession(os.path.join(folder, "program.onnx"))
    lengths = np.full(len(stages), contexts.shape[1], np.int32)
    feeds = {"contexts": contexts.astype(np.int32), "context_lengths": lengths, "stages": stages.astype(np.int32)}
    assert (session.run(["actions"], feeds)[0] == expected).all()
    print(f"a checkpoint in NumPy: the same {len(stages)} programs, values within {largest:.1e}; in onnxruntime {onnxruntime.__version__} too")


def run_blocks(folder, guide):
    """The guide's Python, in the folder with the files that it names. All that say a program for the same prompt say the same one."""
    blocks = re.findall(r"```python\n(.*?)```", guide, re.S)
    assert len(blocks) == 4, len(blocks)
    os.chdir(folder)
    programs = []
    for block in blocks:
        if "import torch" in block:
            try:
                import torch  # noqa: F401
            except ImportError:
                print("NOT RUN: the block in PyTorch, because torch is not installed; NumPy has computed the same above")
                continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(block, GUIDE, "exec"), {})
        print(f"ran a block that says: {said.getvalue().strip()}")
        if "vocabulary[action]" in block:
            metadata = onnxruntime.InferenceSession("program.onnx").get_modelmeta().custom_metadata_map
            vocabulary = json.loads(metadata["innate.vocabulary"])
            programs.append([vocabulary.index(text) for text in ast.literal_eval(said.getvalue())])
        elif said.getvalue():
            programs.append([int(number) for number in re.findall(r"\d+", said.getvalue())])
    assert len(programs) >= 2 and all(program == programs[0] for program in programs), programs


def main(folder):
    with open(GUIDE) as file:
        guide = file.read()
    check_models(folder, guide)
    check_checkpoint(folder)
    run_blocks(folder, guide)


main(*sys.argv[1:])
