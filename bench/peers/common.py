"""What the Python peers share: the line protocol, golden files, the tutorial's constants and its Python machine.

The bench writes one JSON object a line and reads one back: `check` computes one update on a golden batch, `run` does whole iterations and
says how long each took.
"""

import base64
import json
import os
import struct
import sys
import time
import traceback

import numpy as np

HIDDEN, VOCAB, HORIZON = 96, 18, 6
CTX, MUL, ADD, SUB, ANS, STO, RCL, EOS = range(10, 18)
LEARNING_RATE, BETA1, BETA2, EPSILON = 3e-4, 0.9, 0.999, 1e-8
VALUE_COEF, ENTROPY_COEF, MAX_GRAD_NORM = 0.5, 0.01, 1.0
BATCH = int(os.environ.get("BENCH_BATCH", "192"))
STAGE = int(os.environ.get("BENCH_STAGE", "0"))
THREADS = int(os.environ.get("BENCH_THREADS", "2"))


def read_golden(path):
    """A safetensors file of f32 and i32 as numpy arrays by name."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": np.float32, "I32": np.int32}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[start:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def group(tensors, prefix):
    """The tensors under a prefix, by the rest of their names."""
    return {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}


def pack(array):
    """An array as the bench reads it."""
    array = np.ascontiguousarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


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


def serve(name, check=None, iterate=None, other=None):
    """Answers the bench until it closes the pipe.

    check(golden) gives loss, gradNorm, logits, weights and, where the peer scores programs, rewards; iterate() does one whole iteration;
    other(request) is for anything else.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Whatever a library prints is not an answer.

    def answer(message):
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    answer({"ready": name})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["type"] == "check":
                result = check(read_golden(request["golden"]))
                packed = {key: pack(result[key]) for key in ("logits", "rewards") if key in result}
                weights = {key: pack(value) for key, value in result["weights"].items()}
                answer({"loss": float(result["loss"]), "gradNorm": float(result["gradNorm"]), "weights": weights, **packed})
            elif request["type"] == "run":
                taken = []
                for _ in range(request["iterations"]):
                    start = time.perf_counter_ns()
                    iterate()
                    taken.append(time.perf_counter_ns() - start)
                answer({"nanoseconds": taken})
            else:
                answer(other(request))
        except Exception:  # noqa: BLE001 - said to the bench, which goes on without this peer.
            answer({"error": traceback.format_exc(limit=4)})
