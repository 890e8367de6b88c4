import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PeerCommand } from './peer.js';
import { peersFolder, ROOT } from './peers-folder.js';

/** What is compared. */
export interface PeerSpec extends PeerCommand {
  /** Key in the results. */
  readonly id: string;
  /** What it is, for people. */
  readonly title: string;
  /** The part of bench/setup.mjs it needs, if any. */
  readonly needs?: string;
}

const python = `${peersFolder('python')}${process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'}`;

/** Whole tutorial iterations, unless the title says otherwise; ours first. */
export const ITERATION_PEERS: readonly PeerSpec[] = [
  { id: 'innate', title: 'innate, `trainer.run`', ...nodePeer('innate', ['fused']) },
  { id: 'candle', title: 'eager Candle (`engine: plain`), `trainer.run`', ...nodePeer('innate', ['plain'], { RAYON_NUM_THREADS: '1' }) },
  { id: 'jax', title: 'JAX jit, one program, `lax.scan`', needs: 'jax', ...script('jax_jit') },
  {
    id: 'jaxTuned',
    title: 'JAX jit, tuned: one unrolled pass, W_ih table',
    needs: 'jax',
    ...script('jax_jit', [], { BENCH_JAX: 'tuned' }),
  },
  { id: 'torchScript', title: "PyTorch, the tutorial's script", needs: 'torch', ...script('torch_script') },
  { id: 'torchCompiled', title: 'PyTorch, vectorised, `torch.compile`', needs: 'torch', ...script('torch_compiled') },
  { id: 'tfjs', title: 'TensorFlow.js wasm, update only', needs: 'tfjs', ...nodePeer('tfjs') },
];

/** Who multiplies matrices, beside our own kernel. */
export const GEMM_PEERS: readonly PeerSpec[] = [
  { id: 'gemmNumpy', title: 'numpy (OpenBLAS)', needs: 'numpy', ...script('gemm', ['numpy']) },
  { id: 'gemmTorch', title: 'PyTorch (MKL)', needs: 'torch', ...script('gemm', ['torch']) },
];

/**
 * Installs the peers if they are missing or their pins changed.
 *
 * @returns Why a part is absent, by its name.
 */
export function setUpPeers(): Readonly<Record<string, string>> {
  spawnSync(process.execPath, [`${ROOT}bench/setup.mjs`], { stdio: ['ignore', 'inherit', 'inherit'] });
  const file = peersFolder('peers.json').slice(0, -1);
  if (!existsSync(file)) {
    return Object.fromEntries(['python', 'numpy', 'jax', 'onnx', 'torch', 'tfjs', 'onnxruntime'].map((name) => [name, 'set-up failed']));
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly absent: Record<string, string> }).absent;
}

/** @returns How a script of bench/peers is started. */
export function script(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): PeerCommand {
  return { command: python, args: [`${ROOT}bench/peers/${name}.py`, ...args], env };
}

/** @returns How a compiled program of bench/peers is started. */
export function nodePeer(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): PeerCommand {
  const file = fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
  return { command: process.execPath, args: [file, ...args], env };
}
