// Installs the peers that the bench compares with, pinned, into build/bench-peers: from PyPI and npm, nothing else, and nothing of theirs is
// run at install time. What cannot be installed is written down with the reason.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmProgram, ROOT } from '../tools/lib/process.js';

const FOLDER = join(ROOT, 'build/bench-peers');
const PYTHON = join(FOLDER, 'python', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** npm packages by the peer that needs them. */
const NPM = {
  tfjs: { '@tensorflow/tfjs': '4.22.0', '@tensorflow/tfjs-backend-wasm': '4.22.0' },
  onnxruntime: { 'onnxruntime-node': '1.30.0' },
};

/** What every Python peer needs, for golden vectors. */
const GOLDEN = ['numpy==2.4.6', 'safetensors==0.8.0'];
const JAX = [...GOLDEN, 'jax==0.10.2', 'jaxlib==0.10.2', 'ml_dtypes==0.6.0', 'opt_einsum==3.4.0', 'scipy==1.17.1'];
/** Gymnasium, which gymnax names its spaces after, and what both it and plotting libraries ask for. */
const GYMNASIUM = [
  ...['gymnasium==1.3.0', 'cloudpickle==3.1.3', 'Farama-Notifications==0.0.6', 'typing_extensions==4.16.0', 'pandas==3.1.1'],
  ...['python-dateutil==4.0.0', 'six==1.17.0', 'tzdata==2026.6'],
];
/** Python packages by the peer that needs them. */
const PIP = {
  jax: JAX,
  onnx: [...GOLDEN, 'onnx==1.23.2', 'ml_dtypes==0.6.0', 'protobuf==7.36.2', 'typing_extensions==4.16.0'],
  torch: [
    ...[...GOLDEN, 'torch==2.15.0', 'filelock==4.2.11', 'fsspec==2026.9.0', 'Jinja2==3.1.6', 'MarkupSafe==3.0.4', 'mpmath==1.3.0'],
    ...['networkx==3.6.1', 'setuptools==80.9.0', 'sympy==1.14.0', 'typing_extensions==4.16.0'],
  ],
  purejaxrl: [
    ...[...JAX, ...GYMNASIUM, 'gymnax==1.0.1', 'flax==0.12.8', 'optax==0.2.8', 'distrax==0.1.9', 'chex==0.1.92', 'etils==1.15.0'],
    ...['tfp-nightly==0.26.0.dev20261027', 'absl-py==2.5.1', 'dm-tree==0.1.10', 'gast==0.7.0', 'attrs==26.1.0', 'decorator==5.3.1'],
    ...['wrapt==2.5.2', 'toolz==1.2.0', 'msgpack==1.2.4', 'rich==15.0.0', 'markdown-it-py==4.3.0', 'mdurl==0.1.2', 'Pygments==2.21.0'],
    ...['PyYAML==6.0.4', 'packaging==26.4', 'treescope==0.1.10', 'seaborn==0.13.2', 'matplotlib==3.11.2', 'contourpy==1.3.3'],
    ...['cycler==0.12.1', 'fonttools==4.68.0', 'kiwisolver==1.5.1', 'pillow==13.0.0', 'pyparsing==3.3.3'],
  ],
  sb3: [...GYMNASIUM, 'stable-baselines3==2.9.2', 'sb3-contrib==2.9.2'],
};

function run(command: string, args: readonly string[], cwd: string = FOLDER): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const lines = (stderr || message).trim().split('\n');
    const line = lines.findLast((text) => /error|required/i.test(text)) ?? lines[0];
    throw new Error(`${command.split('/').at(-1)} ${args.slice(0, 2).join(' ')}: ${line?.trim()}`);
  }
}

/** A Python of 3.11 or newer, in an environment of its own. */
function createPython() {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  run(python, ['-c', 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is required")']);
  run(python, ['-m', 'venv', 'python']);
}

function pipInstall(peer: keyof typeof PIP) {
  run(PYTHON, ['-m', 'pip', 'install', '--no-deps', '--only-binary', ':all:', ...PIP[peer]]);
}

/**
 * On Linux, PyPI's torch is the CUDA build: 540 MB, and 2.5 GB more of CUDA libraries that are linked but never called without a GPU. Empty
 * ones in their place do, made by the C compiler.
 */
function installTorch() {
  pipInstall('torch');
  const load = () => run(PYTHON, ['-c', 'import torch; print(torch.__version__, torch.cuda.is_available())']);
  try {
    load();
  } catch (error) {
    if (process.platform !== 'linux') {
      throw error;
    }
    stubCuda();
    load();
  }
}

/** One library that has every CUDA function torch asks for, each answering "no device", under every name that torch asks for. */
function stubCuda() {
  const packages = run(PYTHON, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']).trim();
  const folder = join(packages, 'torch/lib');
  const libraries = readdirSync(folder).filter((name) => /^lib(torch|c10).*\.so$/.test(name));
  const byVersion: Map<string, Set<string>> = new Map();
  for (const [, name = '', version = ''] of run('nm', ['-D', '--undefined-only', ...libraries], folder).matchAll(
    /^\s+U ((?:cu|nccl|nv|__cuda)\w*)(?:@(\S+))?$/gm,
  )) {
    byVersion.set(version, (byVersion.get(version) ?? new Set()).add(name));
  }
  const names = new Set([...byVersion.values()].flatMap((each) => [...each]));
  writeFileSync(join(FOLDER, 'stub.c'), [...names].map((name) => `int ${name}(void) { return 100; }\n`).join(''));
  const versions = [...byVersion].filter(([version]) => version !== '');
  const script = versions.map(([version, own]) => `${version} { global: ${[...own].join('; ')}; };\n`);
  writeFileSync(join(FOLDER, 'stub.map'), script.join(''));
  const stub = join(folder, 'libcuda-stub.so');
  const flags = ['-shared', '-fPIC', '-w', '-fno-builtin', `-Wl,--version-script=${join(FOLDER, 'stub.map')}`];
  run('cc', [...flags, '-o', stub, join(FOLDER, 'stub.c')]);
  for (const [, needed = ''] of run('readelf', ['-d', ...libraries], folder).matchAll(/NEEDED.*\[(lib(?:cu|nccl|nv)[^\]]*)\]/g)) {
    if (!existsSync(join(folder, needed))) {
      symlinkSync('libcuda-stub.so', join(folder, needed));
    }
  }
}

function npmInstall(peer: keyof typeof NPM) {
  const folder = join(FOLDER, peer);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: NPM[peer] }));
  run(process.execPath, [npmProgram(), 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
}

/** Installs the peers if they are missing or their pins changed. Returns why a part is absent, by its name. */
export function setUpPeers(): Record<string, string> {
  const file = join(FOLDER, 'peers.json');
  const pins = JSON.stringify([NPM, PIP]);
  const current = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { pins: string; absent: Record<string, string> })
    : undefined;
  if (current?.pins === pins) {
    return current.absent;
  }
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const absent: Record<string, string> = {};
  const installs: Record<string, () => void> = {
    python: createPython,
    jax: () => pipInstall('jax'),
    onnx: () => pipInstall('onnx'),
    torch: installTorch,
    purejaxrl: () => pipInstall('purejaxrl'),
    sb3: () => {
      if (absent['torch'] !== undefined) {
        throw new Error(absent['torch']);
      }
      pipInstall('sb3');
    },
    tfjs: () => npmInstall('tfjs'),
    onnxruntime: () => npmInstall('onnxruntime'),
  };
  for (const [peer, install] of Object.entries(installs)) {
    console.log(`Installing ${peer} ...`);
    try {
      if (peer in PIP && absent['python'] !== undefined) {
        throw new Error(absent['python']);
      }
      install();
    } catch (error) {
      absent[peer] = error instanceof Error ? error.message : String(error);
      console.log(`  absent: ${absent[peer]}; remove build/bench-peers to try again`);
    }
  }
  writeFileSync(file, `${JSON.stringify({ pins, absent }, null, 2)}\n`);
  return absent;
}
