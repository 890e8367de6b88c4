"""What the Python peers share: the line protocol, golden files and the tutorial's constants.

The bench writes one JSON object a line and reads one back: `check` computes one update on a golden batch, `run` does whole iterations and
says how long each took.
"""

import json
import os
import sys
import time
import traceback

import numpy as np
from safetensors.numpy import load_file as read_golden

HIDDEN, VOCAB, HORIZON = 96, 18, 6
CTX, MUL, ADD, SUB, ANS, STO, RCL, EOS = range(10, 18)
LEARNING_RATE, BETA1, BETA2, EPSILON = 3e-4, 0.9, 0.999, 1e-8
VALUE_COEF, ENTROPY_COEF, MAX_GRAD_NORM = 0.5, 0.01, 1.0
BATCH = int(os.environ.get("BENCH_BATCH", "192"))
STAGE = int(os.environ.get("BENCH_STAGE", "0"))
THREADS = int(os.environ.get("BENCH_THREADS", "2"))
GOLDEN = os.environ.get("BENCH_GOLDEN", "")  # Initial weights, and the batch that results are compared on.
PPO = json.loads(os.environ.get("BENCH_PPO", "{}"))  # Sizes of PPO's iterations: envs, steps, hidden, epochs, minibatches.
returns = []  # Mean return of the episodes that ended in each iteration so far, where the peer notes it.


def group(tensors, prefix):
    """The tensors under a prefix, by the rest of their names."""
    return {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}


def note_return(mean):
    """Keeps an iteration's mean return; one in which no episode ended is that before."""
    returns.append(mean if mean == mean else (returns[-1] if returns else 0.0))


def serve(name, check=None, iterate=None, other=None):
    """Answers the bench until it closes the pipe.

    check(golden) gives loss, gradNorm, logits, weights and, where the peer scores programs, rewards; iterate() does one whole iteration;
    other(request) is for anything else.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Whatever a library prints is not an answer.

    def answer(message):
        # Arrays become flat lists.
        channel.write(json.dumps(message, default=lambda array: np.asarray(array, np.float32).ravel().tolist()) + "\n")
        channel.flush()

    answer({"ready": name})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["type"] == "check":
                answer(check(read_golden(GOLDEN)))
            elif request["type"] == "run":
                taken = []
                for _ in range(request["iterations"]):
                    start = time.perf_counter_ns()
                    iterate()
                    taken.append((time.perf_counter_ns() - start) / 1e6)
                answer({"milliseconds": taken})
            elif request["type"] == "returns":
                answer({"returns": returns})
            else:
                answer(other(request))
        except Exception:  # noqa: BLE001 - said to the bench, which goes on without this peer.
            answer({"error": traceback.format_exc(limit=4)})
