// `npm run test:onnx`: exported agents beside the agents themselves, in onnxruntime for Node and for browsers, and under ONNX's own checker, which
// pip brings. `-- --rows 10000` compares so many programs and episodes instead of 200. See docs/decisions/0035.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare } from './build.js';
import { installLocked } from './lib/install.js';
import { must, ROOT, run, ToolError } from './lib/process.js';
import { AVA_COUNTS, SKIPPED, Steps } from './lib/steps.js';

const HOME = join(ROOT, 'build/onnx');
const REQUIREMENTS = join(ROOT, 'tools/onnx/requirements.txt');

/** Where the wheels of tools/onnx/requirements.txt are, by their hashes, unless that has been done. */
async function installPython(): Promise<string> {
  const target = join(HOME, 'python');
  const stamp = join(target, '.requirements');
  if (!existsSync(stamp) || !readFileSync(stamp).equals(readFileSync(REQUIREMENTS))) {
    if ((await run('python3', ['-m', 'pip', '--version'], { output: 'capture' })).code !== 0) {
      const remedy = 'install it (Debian, Ubuntu: `apt-get install python3-pip`) and run the command again.';
      throw new ToolError(`ONNX's checker is brought by pip, and \`python3 -m pip\` does not run: ${remedy}`);
    }
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    console.log("Installing ONNX's checker, about 28 MB (pip) ...");
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes'];
    await must('pip install', 'python3', [...pip, '--root-user-action=ignore', '--target', target, '--requirement', REQUIREMENTS]);
    cpSync(REQUIREMENTS, stamp);
  }
  return target;
}

/** How many rows are compared. */
function rowsOf(args: readonly string[]): string {
  const [flag, rows = ''] = args;
  if (flag !== undefined && !(flag === '--rows' && /^[1-9]\d{0,6}$/.test(rows) && Number(rows) > 8 && args.length === 2)) {
    throw new ToolError(`It takes \`--rows\` and a number above 8, or nothing, and got ${args.join(' ')}.`);
  }
  return flag === undefined ? '200' : rows;
}

export async function main(): Promise<number> {
  const rows = rowsOf(process.argv.slice(2));
  await prepare();
  await installLocked('onnx', 'onnxruntime for Node and browsers, about 440 MB');
  const steps = new Steps();
  const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');
  await steps.tests('onnxruntime-node and onnxruntime-web', AVA_COUNTS, process.execPath, [ava], {
    env: { INNATE_TEST_ONNX: '1', INNATE_TEST_ROWS: rows },
  });
  if (process.platform === 'linux' && process.arch === 'x64') {
    const env = { PYTHONPATH: await installPython(), PYTHONDONTWRITEBYTECODE: '1' };
    const folder = join(HOME, 'models');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await steps.check('models of every kind', process.execPath, ['build/__test__/onnx/support/write-models.js', folder]);
    await steps.check("ONNX's checker, and the checkpoint read in Python", 'python3', ['tools/onnx/check.py', folder], { env });
  } else {
    await steps.step("ONNX's checker", () => {
      console.log('tools/onnx/requirements.txt is for Linux x64: the files are checked there.');
      return SKIPPED;
    });
  }
  return steps.end('ONNX').code;
}
