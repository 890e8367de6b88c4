/** How the figures come about; stands before them. */
export const INTRODUCTION = `# Benchmarks

This file is written by \`npm run bench\` from \`docs/benchmarks/*.json\`, which the same command measures: no figure in it was typed.

- **The same work.** Each peer first computes one update on a golden batch, from PyTorch's initial weights: logits, loss, gradient norm, the
  rewards of its programs and the weights after the step must equal the golden vectors, within the tolerances that our own tests use.
  Otherwise the bench stops; it fails on nothing else.
- **Side by side.** Each peer is a process that stays; rounds are interleaved and begin one peer further on each time, so that a slow spell of
  the machine falls on all. In a round a peer does iterations for about 0.4 s. All get the same two processors and two threads.
- **What is shown.** Median, minimum and interquartile range (IQR) over all iterations of all rounds. Compare minima when the machine was busy.
- **Peers** are installed by \`bench/setup.mjs\` from PyPI and npm, pinned, into \`build/bench-peers\` (about 2.6 GB, of it PyTorch 1.2 GB); it
  needs Python 3.11 or newer. On Linux, PyPI's PyTorch is the CUDA build: its CUDA libraries, never called here, are replaced by empty ones
  that the C compiler makes, which saves a download of 2.5 GB and changes nothing on the CPU. A peer that cannot be installed is listed as
  absent, with the reason.

\`\`\`sh
npm run bench                    # the tutorial's iteration against all peers (about 5 minutes after the set-up)
npm run bench -- --all           # that, curves, memory, event loop, inference (about 30 minutes)
npm run bench -- --short         # what CI runs: no peers, no downloads, under half a minute
\`\`\``;

/** What to know when reading them; stands after them. */
export const NOTES = `## How the peers were written

- **PyTorch, the tutorial's script**: as the tutorial has it: a Python loop over the steps with \`Categorical\` at each, and each program scored by
  a Python \`step_seq\`. One thing differs, so that the work is the same for all: each problem sees its own context, where the tutorial's
  broadcasting makes a batch × batch × 96 tensor, which would cost it more.
- **PyTorch, vectorised**: sampling, machine and loss in one graph for \`torch.compile\`, fused Adam.
- **JAX jit**: problems, a \`lax.scan\` that samples, the machine, a \`lax.scan\` over the sampled actions that is differentiated, clipping and Adam
  in one compiled program, as PureJaxRL does it. *Tuned*: one pass that samples and is differentiated, unrolled, with token·W_ih as a table
  of 18 rows, as our own kernels have it.
- **Eager Candle**: this package's \`engine: 'plain'\`: the same network in stock Candle operations and autograd, through the same \`trainer.run\`,
  with RAYON_NUM_THREADS=1, which is its fastest setting at these sizes.
- **TensorFlow.js wasm**: an update with forced actions; it neither samples nor scores, so it does less than the others. Embeddings are one-hot
  products, since its wasm backend has no gradient for \`gather\`.
- **onnxruntime-node**: the same weights as a graph with ONNX's GRU operator, the greedy choice included.`;
