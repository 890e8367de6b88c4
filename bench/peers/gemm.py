"""The machine's rate of f32 products of the tutorial's shapes, by PyTorch (MKL) or numpy (OpenBLAS): one product a thread, all at once."""

import os
import sys
import threading
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import common
from common import THREADS

if sys.argv[1] == "torch":
    import torch

    torch.set_num_threads(1)
    NAME, array, product = f"torch {torch.__version__}", torch.from_numpy, torch.mm
else:
    NAME, array, product = f"numpy {np.__version__}", np.asarray, np.dot

# [m, k, n] of a step forward, a step backward, and the gradient of the recurrent weights.
SHAPES = [[192, 96, 288], [192, 288, 96], [96, 192, 288]]


def one_thread(shape, seconds, barrier, rates):
    m, k, n = shape
    a, b, c = (array(np.full(size, 0.5, np.float32)) for size in ((m, k), (k, n), (m, n)))
    for _ in range(20):
        product(a, b, out=c)
    barrier.wait()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(16):
            product(a, b, out=c)
        done += 16
    rates.append(2 * m * k * n * done / (time.perf_counter() - start))


def measure(request):
    rates = []
    for shape in SHAPES:
        barrier, own = threading.Barrier(THREADS), []
        arguments = (shape, request["milliseconds"] / 1000, barrier, own)
        threads = [threading.Thread(target=one_thread, args=arguments) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rates.append({"engine": NAME, "threads": THREADS, "shape": shape, "gflops": sum(own) / 1e9})
    return {"rates": rates}


common.serve(NAME, other=measure)
