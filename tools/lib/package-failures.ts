// What a user reads when the native part cannot be used: one sentence with the remedy; and the remedy works.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../pack.js';
import { NO_DEVICE } from './cuda.js';
import type { Machine } from './machine.js';
import { ToolError } from './process.js';

export type Check = (name: string, body: () => Promise<string> | string) => Promise<void>;

function addonPackage(project: string, suffix = ''): { folder: string; addon: string } {
  const modules = join(project, 'node_modules');
  const name = readdirSync(modules).find((entry) => entry.startsWith('innate-') && entry.endsWith(suffix)) ?? 'innate-';
  return { folder: join(modules, name), addon: join(modules, name, `${name.replace('-', '.')}.node`) };
}

function cut(file: string) {
  truncateSync(file, statSync(file).size / 2);
}

interface Failure {
  readonly name: string; // What is wrong.
  readonly spoil?: (project: string, machine: Machine) => unknown; // Makes it so, in a folder with the package installed.
  readonly says: RegExp; // The sentence. Its group `command`, if it has one, is npm's arguments of the remedy.
  readonly env?: (project: string) => NodeJS.ProcessEnv; // Added to the environment.
}

const DAMAGED = /^innate-\S+ is damaged: delete node_modules\/innate-\S+ and run `npm (?<command>install)`\.$/;

const FAILURES: readonly Failure[] = [
  {
    name: 'npm ci --omit=optional',
    spoil: (project, machine) => machine.npm(project, ['ci', '--omit=optional']),
    says: /^innate-\S+, the native part of innate for \S+, is not installed \(tried .+ and .+\): run `npm (?<command>install innate-\S+@[\d.]+)`, and/,
  },
  { name: 'a cut .node file', spoil: (project) => cut(addonPackage(project).addon), says: DAMAGED },
  { name: 'an altered .node file', spoil: (project) => writeFileSync(addonPackage(project).addon, 'this is no library'), says: DAMAGED },
  {
    name: 'a .node file that is gone',
    spoil: (project) => rmSync(addonPackage(project).addon),
    says: /^innate-\S+ is damaged, with a file that cannot be read: delete node_modules\/innate-\S+ and run `npm (?<command>install)`\.$/,
  },
  {
    name: 'two versions',
    spoil: (project) => {
      const file = join(project, 'node_modules/innate/package.json');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version: '999.0.0' }));
    },
    says: /^innate and innate-\S+ must be of one version, and innate-\S+ is version \S+, this package is 999\.0\.0: run `npm install innate@999\.0\.0 innate-\S+@999\.0\.0`\.$/,
  },
  {
    name: 'NAPI_RS_NATIVE_LIBRARY_PATH to nowhere',
    env: (project) => ({ NAPI_RS_NATIVE_LIBRARY_PATH: join(project, 'nowhere.node') }),
    says: /^NAPI_RS_NATIVE_LIBRARY_PATH names \S+nowhere\.node, which does not exist: unset it, or let it name the addon of innate \S+\.$/,
  },
  {
    name: 'bundled into a program',
    spoil: (project) => {
      const file = join(project, 'train.mjs');
      return bundle({ entryPoints: [file], outfile: file, allowOverwrite: true });
    },
    says: /^innate has been bundled into another file, .*: name it among the external packages in your bundler's options\.$/,
  },
];

/** Brings each failure about in a folder of its own, reads the error, and does what it says. */
export async function checkFailures(machine: Machine, folder: string, check: Check) {
  for (const { name, spoil, says, env } of FAILURES) {
    await check(name, async () => {
      await machine.newProject(folder);
      await spoil?.(folder, machine);
      const { code, message = '' } = await machine.train(folder, 'cpu', env?.(folder));
      if (code !== 'ERR_NATIVE_LOAD' || !says.test(message) || /\n|\. /.test(message)) {
        throw new ToolError(`The program ended with ${code} and said:\n${message}`);
      }
      const command = says.exec(message)?.groups?.['command'];
      if (command !== undefined) {
        if (message.includes('delete')) {
          rmSync(addonPackage(folder).folder, { recursive: true });
        }
        await machine.npm(folder, command.split(' '));
        const { iterations, ...repaired } = await machine.train(folder);
        if (iterations !== 3) {
          throw new ToolError(`npm ${command} does not repair it: ${JSON.stringify(repaired)}`);
        }
      }
      return message.replaceAll(folder, '.');
    });
  }
}

/** What CUDA lacks; each is brought about after the one before it. */
const CUDA_FAILURES = [
  {
    name: 'CUDA: no driver',
    code: 'ERR_NATIVE_LOAD',
    says: /^innate-\S+ needs NVIDIA's driver, .*: install the driver, or pass device: 'cpu'\.$/,
    libraries: 'no-driver',
  },
  {
    name: 'CUDA: a driver and no device',
    code: 'ERR_DEVICE',
    says: /^device: CUDA cannot be used .*CUDA_ERROR_NO_DEVICE/,
  },
  {
    name: 'CUDA: a cut .node file',
    spoil: (project: string) => cut(addonPackage(project, '-cuda').addon),
    code: 'ERR_NATIVE_LOAD',
    says: /^innate-\S+ is damaged: delete node_modules\/innate-\S+-cuda and run/,
  },
  {
    name: 'CUDA: not installed',
    spoil: (project: string) => rmSync(addonPackage(project, '-cuda').folder, { recursive: true }),
    code: 'ERR_NATIVE_LOAD',
    says: /is not installed: run `npm install innate-\S+-cuda@[\d.]+`, or/,
  },
];

/** Takes away, one after another, what CUDA needs: `auto` trains on the CPU and says why once, `cuda` is an error of one sentence. */
export async function checkCuda(machine: Machine, folder: string, check: Check) {
  const project = join(folder, 'project');
  await check('CUDA: install', async () => {
    const seconds = await machine.newProject(project, ['innate', 'innate-linux-x64-gnu-cuda']);
    return `${seconds.toFixed(1)} s; the addon has ${(statSync(addonPackage(project, '-cuda').addon).size / 1e6).toFixed(2)} MB`;
  });
  const noDriver = join(folder, 'no-driver');
  mkdirSync(noDriver);
  for (const library of readdirSync(NO_DEVICE).filter((entry) => entry !== 'libcuda.so.1')) {
    symlinkSync(join(NO_DEVICE, library), join(noDriver, library));
  }
  for (const { name, spoil, libraries, code, says } of CUDA_FAILURES) {
    await check(name, async () => {
      spoil?.(project);
      if (libraries !== undefined && (await machine.train(project, 'auto')).device === 'cuda') {
        return 'this machine has CUDA: it trained there';
      }
      const env = { LD_LIBRARY_PATH: libraries === undefined ? NO_DEVICE : noDriver };
      const cuda = await machine.train(project, 'cuda', env);
      const message = cuda.message ?? '';
      if (cuda.code !== code || !says.test(message) || /\n/.test(message) || cuda.warnings.length > 0) {
        throw new ToolError(`With device 'cuda' the program said ${cuda.code} and:\n${message}`);
      }
      const auto = await machine.train(project, 'auto', env);
      const { iterations, device, reason = 'no reason', warnings } = auto;
      if (iterations !== 3 || device !== 'cpu' || !message.includes(reason) || warnings.join() !== 'INNATE_CPU') {
        throw new ToolError(`With device 'auto' it should train on the CPU and warn once, and there is ${JSON.stringify(auto)}`);
      }
      return `cuda: ${code}, ${message}\nauto: trained on the CPU, and said so once`;
    });
  }
}
