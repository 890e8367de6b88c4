// The package under the test runners of users, in a project of each kind. See docs/decisions/0012.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installLocked } from './locked.mjs';
import { ROOT, ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

const SUITE = readFileSync(join(ROOT, 'tools/runners/suite.mjs'), 'utf8');
/** Tests in {@link SUITE}. */
const TESTS = SUITE.match(/^ {2}test\(/gm)?.length ?? 0;

/** @type {Readonly<Record<'module' | 'commonjs', Readonly<Record<string, string>>>>} */
const FILES = {
  module: {
    'suite.js': SUITE,
    'use.test.js': "import * as innate from 'innate';\nimport { suite } from './suite.js';\n\nsuite(innate, test);\n",
  },
  commonjs: {
    'suite.js': SUITE.replace('export function suite', 'exports.suite = function suite'),
    'use.test.js': "const innate = require('innate');\nconst { suite } = require('./suite.js');\n\nsuite(innate, test);\n",
  },
};

const JEST = ['jest/bin/jest.js', '--ci', '--rootDir', '.'];
const VITEST = ['vitest/vitest.mjs', 'run', '--globals', '--root', '.'];

/** @type {readonly { name: string, type: keyof FILES, program: readonly string[], node?: readonly string[] }[]} */
const RUNNERS = [
  { name: 'Jest, CommonJS', type: 'commonjs', program: JEST },
  { name: 'Jest, ES modules', type: 'module', program: JEST, node: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'] },
  { name: 'Vitest, vmThreads', type: 'module', program: [...VITEST, '--pool=vmThreads'] },
  { name: 'Vitest, forks', type: 'module', program: [...VITEST, '--pool=forks'] },
];

/**
 * Runs one suite of tests under each runner, in a project into which the package was installed.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} folder - Where.
 * @param {(name: string, body: () => Promise<string>) => Promise<void>} check - Runs one check.
 */
export async function checkRunners(machine, folder, check) {
  for (const { name, type, program, node = [] } of RUNNERS) {
    await check(name, async () => {
      const [file = '', ...args] = program;
      const modules = await installLocked('runners', 'Jest and Vitest, about 90 MB');
      const project = join(folder, name.replace(/\W+/g, '-'));
      mkdirSync(project, { recursive: true });
      const manifest = { name: 'consumer', private: true, type };
      for (const [path, text] of Object.entries({ ...FILES[type], 'package.json': JSON.stringify(manifest) })) {
        writeFileSync(join(project, path), text);
      }
      await machine.npm(project, ['install', 'innate']);
      const { code, output } = await machine.node(project, [...node, join(modules, file), ...args], { NO_COLOR: '1' });
      const passed = Number(/^\s*Tests:?\s+(\d+) passed/m.exec(output)?.[1]);
      if (code !== 0 || passed !== TESTS) {
        throw new ToolError(`${passed} of ${TESTS} tests passed; it ended with exit status ${code} and said:\n${output}`);
      }
      return `${passed} tests passed`;
    });
  }
}
