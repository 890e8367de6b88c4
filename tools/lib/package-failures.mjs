// What a user reads when the native part cannot be used: one sentence with the remedy; and the remedy works.
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { esbuild } from './bundle.mjs';
import { newProject } from './consumer.mjs';
import { ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

/**
 * @typedef {object} Failure
 * @property {string} name - What is wrong.
 * @property {(project: string, machine: Machine) => Promise<void> | void} spoil - Makes it so, in a folder with the package installed.
 * @property {RegExp} says - The sentence. Its group `command`, if it has one, is npm's arguments of the remedy.
 * @property {(project: string) => NodeJS.ProcessEnv} [env] - Added to the environment.
 * @property {boolean} [deletes] - Whether the remedy begins with deleting the platform package.
 */

/** @type {readonly Failure[]} */
const FAILURES = [
  {
    name: 'npm ci --omit=optional',
    spoil: async (project, machine) => {
      await machine.npm(project, ['ci', '--omit=optional']);
    },
    says: /^innate-\S+, the native part of innate for \S+, is not installed \(tried .+ and .+\): run `npm (?<command>install innate-\S+@[\d.]+)`, and/,
  },
  {
    name: 'a cut .node file',
    spoil: (project) => {
      const { addon } = platformPackage(project);
      truncateSync(addon, readFileSync(addon).length / 2);
    },
    says: /^innate-\S+ is damaged: delete node_modules\/innate-\S+ and run `npm (?<command>install)`\.$/,
    deletes: true,
  },
  {
    name: 'an altered .node file',
    spoil: (project) => writeFileSync(platformPackage(project).addon, 'this is no library'),
    says: /^innate-\S+ is damaged: delete node_modules\/innate-\S+ and run `npm (?<command>install)`\.$/,
    deletes: true,
  },
  {
    name: 'a .node file that is gone',
    spoil: (project) => rmSync(platformPackage(project).addon),
    says: /^innate-\S+ is damaged, with a file that cannot be read: delete node_modules\/innate-\S+ and run `npm (?<command>install)`\.$/,
    deletes: true,
  },
  {
    name: 'two versions',
    spoil: (project) => {
      const file = join(project, 'node_modules/innate/package.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...manifest, version: '999.0.0' }));
    },
    says: /^innate and innate-\S+ must be of one version, and innate-\S+ is version \S+, this package is 999\.0\.0: run `npm install innate@999\.0\.0 innate-\S+@999\.0\.0`\.$/,
  },
  {
    name: 'NAPI_RS_NATIVE_LIBRARY_PATH to nowhere',
    spoil: () => {},
    env: (project) => ({ NAPI_RS_NATIVE_LIBRARY_PATH: join(project, 'nowhere.node') }),
    says: /^NAPI_RS_NATIVE_LIBRARY_PATH names \S+nowhere\.node, which does not exist: unset it, or let it name the addon of innate \S+\.$/,
  },
  {
    name: 'bundled into a program',
    spoil: async (project) => {
      const file = join(project, 'fails.mjs');
      await esbuild({ entryPoints: [file], outfile: file, allowOverwrite: true });
    },
    says: /^innate has been bundled into another file, .*: name it among the external packages in your bundler's options\.$/,
  },
];

/** @param {string} project - A folder with the package installed. */
function platformPackage(project) {
  const modules = join(project, 'node_modules');
  const name = readdirSync(modules).find((entry) => entry.startsWith('innate-')) ?? 'innate-';
  return { folder: join(modules, name), addon: join(modules, name, `${name.replace('-', '.')}.node`) };
}

/**
 * Brings each failure about in a folder of its own, reads the error, and does what it says.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} folder - Where.
 * @param {(name: string, body: () => Promise<string>) => Promise<void>} check - Runs one check.
 */
export async function checkFailures(machine, folder, check) {
  for (const { name, spoil, says, env, deletes } of FAILURES) {
    await check(name, async () => {
      const project = newProject(folder);
      await machine.npm(project, ['install', 'innate']);
      await spoil(project, machine);
      const { code, output } = await machine.node(project, ['fails.mjs'], env?.(project));
      const { code: errorCode, message } = code === 0 && output.startsWith('{') ? JSON.parse(output) : { code: '', message: '' };
      const matched = says.exec(message);
      if (errorCode !== 'ERR_NATIVE_LOAD' || matched === null || /\n|\. /.test(message)) {
        throw new ToolError(`The program ended with exit status ${code} and said:\n${output}`);
      }
      const command = matched.groups?.['command'];
      if (command !== undefined) {
        if (deletes === true) {
          rmSync(platformPackage(project).folder, { recursive: true });
        }
        await machine.npm(project, command.split(' '));
        const repaired = await machine.node(project, ['fails.mjs']);
        if (repaired.output.trim() !== 'it loads') {
          throw new ToolError(`npm ${command} does not repair it: ${repaired.output}`);
        }
      }
      return message.replaceAll(folder, '.');
    });
  }
}
