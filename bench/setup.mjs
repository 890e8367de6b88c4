// Installs the peers that the bench compares with, pinned, into build/bench-peers: from PyPI and npm, nothing else, and nothing of theirs is
// run at install time. What cannot be installed is written down with the reason. `node bench/setup.mjs`; the bench runs it when it must.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const FOLDER = join(HERE, '../build/bench-peers');
const PYTHON = join(FOLDER, 'python', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** npm packages by the peer that needs them. */
const NPM = {
  tfjs: { '@tensorflow/tfjs': '4.22.0', '@tensorflow/tfjs-backend-wasm': '4.22.0' },
  onnxruntime: { 'onnxruntime-node': '1.30.0' },
};

/** Python packages by the peer that needs them: a file of pins in peers/requirements. */
const PIP = ['numpy', 'jax', 'onnx', 'torch'];

/**
 * @param {string} command - Program.
 * @param {readonly string[]} args - Arguments.
 * @param {string} [cwd] - Folder.
 * @returns {string} What it printed.
 */
function run(command, args, cwd = FOLDER) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (error) {
    const { stderr, message, code } = /** @type {Error & { stderr: string | null, code?: string }} */ (error);
    if (code === 'ENOENT' || stderr === null) {
      throw new Error(code === 'ENOENT' ? `${command} was not found.` : message);
    }
    const line =
      stderr
        .trim()
        .split('\n')
        .findLast((text) => /error|required/i.test(text)) ??
      message.split('\n')[0] ??
      '';
    throw new Error(`${command.split('/').at(-1)} ${args[0]} ${args[1] ?? ''}: ${line.trim()}`);
  }
}

/** A Python of 3.11 or newer, in an environment of its own. */
function createPython() {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const version = run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11))']).trim();
  if (!version.endsWith('True')) {
    throw new Error(`Python 3.11 or newer is needed, and this is ${version.split(' ')[0]}.`);
  }
  run(python, ['-m', 'venv', 'python']);
}

/** @param {string} peer - Its pins are in peers/requirements. */
function pipInstall(peer) {
  run(PYTHON, ['-m', 'pip', 'install', '--no-deps', '--only-binary', ':all:', '-r', join(HERE, `peers/requirements/${peer}.txt`)]);
}

/**
 * On Linux, PyPI's torch is the CUDA build: 540 MB, and 2.5 GB more of CUDA libraries that are linked but never called without a GPU. Empty
 * ones in their place do, made by the C compiler; where there is none, the real ones are installed.
 */
function installTorch() {
  pipInstall('torch');
  const version = ['-c', 'import torch; print(torch.__version__, torch.cuda.is_available())'];
  try {
    run(PYTHON, version);
    return;
  } catch (error) {
    if (process.platform !== 'linux') {
      throw error;
    }
  }
  try {
    stubCuda();
    run(PYTHON, version);
  } catch {
    const [pin] = /^torch==.*$/m.exec(readFileSync(join(HERE, 'peers/requirements/torch.txt'), 'utf8')) ?? [];
    run(PYTHON, ['-m', 'pip', 'install', '--only-binary', ':all:', pin ?? 'torch']);
    run(PYTHON, version);
  }
}

/** One library that has every CUDA function torch asks for, each answering "no device", under every name that torch asks for. */
function stubCuda() {
  const packages = run(PYTHON, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']).trim();
  const folder = join(packages, 'torch/lib');
  const libraries = readdirSync(folder).filter((name) => /^lib(torch|c10).*\.so$/.test(name));
  /** @type {Map<string, Set<string>>} Functions by symbol version. */
  const byVersion = new Map();
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

/** @param {keyof typeof NPM} peer - A folder of its own. */
function npmInstall(peer) {
  const folder = join(FOLDER, peer);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: NPM[peer] }));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath'];
  if (npm?.endsWith('.js')) {
    run(process.execPath, [npm, ...args], folder);
  } else {
    run('npm', args, folder);
  }
}

/** What identifies the pins. */
function stamp() {
  const hash = createHash('sha256').update(JSON.stringify(NPM));
  for (const name of PIP) {
    hash.update(readFileSync(join(HERE, `peers/requirements/${name}.txt`)));
  }
  return hash.digest('hex');
}

const file = join(FOLDER, 'peers.json');
const current = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
if (current?.stamp !== stamp() || process.argv.includes('--again')) {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  /** @type {Record<string, string>} Why a peer is absent. */
  const absent = {};
  /**
   * @param {string} peer - What is installed.
   * @param {() => void} install - How.
   */
  const attempt = (peer, install) => {
    console.log(`Installing ${peer} ...`);
    try {
      install();
    } catch (error) {
      absent[peer] = error instanceof Error ? error.message : String(error);
      console.log(`  absent: ${absent[peer]}`);
    }
  };
  attempt('python', createPython);
  for (const peer of PIP) {
    attempt(peer, () => {
      if (absent['python'] !== undefined) {
        throw new Error(absent['python']);
      }
      return peer === 'torch' ? installTorch() : pipInstall(peer);
    });
  }
  attempt('tfjs', () => npmInstall('tfjs'));
  attempt('onnxruntime', () => npmInstall('onnxruntime'));
  if (Object.keys(absent).length > 0) {
    console.log('`node bench/setup.mjs --again` tries again.');
  }
  writeFileSync(file, `${JSON.stringify({ stamp: stamp(), absent }, null, 2)}\n`);
}
