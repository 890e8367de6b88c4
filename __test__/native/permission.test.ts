import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { ROOT, runNode } from '../tooling/helpers.js';

const PROGRAM = `
import { Agent } from '${pathToFileURL(join(ROOT, 'dist/index.js')).href}';
try {
  await (await Agent.create({ hiddenSize: 8 })).close();
  console.log('it loads');
} catch ({ code, message }) {
  console.log(code + ' ' + message);
}
`;
/** Its name in Node.js 20, and from 22 on. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
const NO_ADDONS =
  'ERR_NATIVE_LOAD this Node.js was told to load no native addons, and innate has one: leave --no-addons out, or pass --allow-addons beside --permission.';
const NO_READING =
  'ERR_NATIVE_LOAD this Node.js was told not to read the folder that innate is installed in: pass --allow-fs-read with that folder, and --allow-addons, beside --permission.';

test('a Node.js that may load no addons, or not read the package, is told the flag that mends it', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'innate-permission-')));
  try {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, PROGRAM);
    const says = (...flags: string[]): string => runNode([...flags, file]).stdout.trim();
    const read = (...paths: string[]): string[] => [folder, ...paths].map((path) => `--allow-fs-read=${path}`);
    t.is(says('--no-addons'), NO_ADDONS);
    t.is(says(PERMISSION, '--allow-fs-read=*'), NO_ADDONS);
    t.is(says(PERMISSION, '--allow-addons', ...read(join(ROOT, 'dist'))), NO_READING);
    t.is(says(PERMISSION, '--allow-addons', '--allow-fs-read=*'), 'it loads');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
