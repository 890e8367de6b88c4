// Runs a tool: `node tools/tool.mjs <its name> [arguments]`; without a name it only makes ready. The tools are TypeScript: what the lock holds
// is installed if it is missing or older than the lock, and esbuild, which is among it, compiles them into build/run. This file runs before that.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'build/run');

/** Ends the process with one sentence. @param {string} message */
function stop(message) {
  console.error(message);
  process.exit(1);
}

function requireNode() {
  const needed = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const { node } = process.versions;
  if (node.localeCompare(needed, 'en', { numeric: true }) < 0) {
    const remedy = 'install a current release from https://nodejs.org and run the command again.';
    stop(`innate needs Node.js ${needed} or newer, and this is ${node}: ${remedy}`);
  }
}

function install() {
  const file = join(ROOT, 'package-lock.json');
  const lock = readFileSync(file, 'utf8');
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  const stamp = join(ROOT, 'node_modules/.innate-lock');
  // Installed by hand: npm writes the two within moments of each other. Or by this.
  const isNewer = existsSync(installed) && statSync(installed).mtimeMs + 5000 > statSync(file).mtimeMs;
  if (isNewer || (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock)) {
    return;
  }
  console.log('Installing packages (npm ci) ...');
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', ...flags], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    stop('Installing packages failed: npm, which comes with Node.js, is not on your PATH, or what it printed is above.');
  }
  writeFileSync(stamp, lock);
}

/** Writes only what has changed: other tools may be running. */
async function compile() {
  const { build } = await import('esbuild');
  const names = ['tools', 'tools/lib'].flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name)));
  const entryPoints = names.filter((name) => name.endsWith('.ts'));
  const { outputFiles } = await build({ entryPoints, outdir: OUT, format: 'esm', target: 'node20', write: false });
  for (const { path, text } of outputFiles) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
}

requireNode();
install();
await compile();
// The tool sees its own arguments, as if it had been started by itself.
const [name] = process.argv.splice(2, 1);
if (name !== undefined) {
  const load = (/** @type {string} */ module) => import(pathToFileURL(join(OUT, `${module}.js`)).href);
  const { ToolError } = await load('lib/process');
  try {
    process.exitCode = (await (await load(name)).main()) ?? 0;
  } catch (error) {
    // A failure whose message says everything, or what `parseArgs` says of the command line.
    const { code = '', message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!(error instanceof ToolError) && !code.startsWith('ERR_PARSE_ARGS')) {
      throw error;
    }
    console.error(message);
    process.exitCode = 1;
  }
}
