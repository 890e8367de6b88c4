// `npm run test:package`: packs, publishes to a registry on loopback, installs as a user would on a machine without compilers, and uses the
// package from JavaScript and TypeScript, under test runners, under each runtime, and with CUDA's beside it if `npm run build:cuda` made one.
// `--packed` takes what build/npm holds instead of building. See docs/decisions/0012 to 0014.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DONE, Machine, startRegistry } from './lib/machine.js';
import { type Check, checkCuda, checkFailures } from './lib/package-failures.js';
import { checkNpx, checkRunners, checkRuntimes, INSTALL_SECONDS } from './lib/package-runtimes.js';
import { ROOT, run, ToolError } from './lib/process.js';
import { SKIPPED, Steps } from './lib/steps.js';
import { manifest, OUT, pack, stageEmptyPlatforms, tarballsIn } from './pack.js';

const UNPACKED_BYTES = 8_000_000;
const IMPORT_MS = 60;
const IMPORTS = 15;
const IMPORT_ROUNDS = 3;

/** The name of what tests do to an agent; crates/innate-napi has it behind a feature. */
const TEST_HOOK = 'panicForTest';

const steps = new Steps();

const check: Check = (name, body) => steps.passes(name, body);

async function lint(program: string, args: readonly string[], tarballs: readonly string[]) {
  for (const tarball of tarballs) {
    const { code, output } = await run(process.execPath, [join(ROOT, 'node_modules', program), ...args, tarball], { output: 'capture' });
    if (code !== 0 || /warning|suggestion/i.test(output)) {
      throw new ToolError(output);
    }
  }
  return `0 findings in ${tarballs.length}`;
}

/** Addons that are published have no test hooks, and the one that tests load has: the search finds what it looks for. */
function checkHooks(published: readonly string[]) {
  const tested = join(ROOT, readdirSync(ROOT).find((name) => name.endsWith('.node')) ?? 'the addon of this clone, which is not built');
  const has = (file: string) => readFileSync(file).includes(TEST_HOOK);
  const wrong = [...published.filter(has), ...(has(tested) ? [] : [tested])];
  if (published.length === 0 || wrong.length > 0) {
    const where = wrong.join(', ') || 'what is packed';
    throw new ToolError(`${TEST_HOOK} must be in ${tested} and in nothing that is published: look at ${where}.`);
  }
  return `none in ${published.length}`;
}

/** Installs the package into an empty folder, within the budgets of time and size, where no compiler is found. */
async function checkInstall(machine: Machine, project: string) {
  for (const compiler of ['cargo', 'rustc', 'cc', 'gcc', 'clang', 'make', 'python3']) {
    if ((await machine.run(compiler, ROOT, ['--version'])).code !== 127) {
      throw new ToolError(`This machine has a compiler: ${compiler}.`);
    }
  }
  const seconds = await machine.newProject(project);
  const modules = join(project, 'node_modules');
  const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
  const files = installed.flatMap((name) => readdirSync(join(modules, name), { recursive: true, withFileTypes: true }));
  const bytes = files.filter((file) => file.isFile()).reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  const { scripts, dependencies } = JSON.parse(readFileSync(join(modules, 'innate/package.json'), 'utf8'));
  if (installed.length !== 2 || scripts !== undefined || dependencies !== undefined) {
    throw new ToolError(`Two packages without scripts and dependencies were expected, and there are ${installed.join(', ')}.`);
  }
  const seen = `${installed.join(', ')}: ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(2)} MB unpacked`;
  if (seconds > INSTALL_SECONDS || bytes > UNPACKED_BYTES) {
    throw new ToolError(`${seen}; at most ${INSTALL_SECONDS} s and ${UNPACKED_BYTES / 1e6} MB are allowed.`);
  }
  return seen;
}

/** Compiles tools/consumer/typed.ts as an ES module, as CommonJS and for bundlers, and runs what came out. */
async function checkTypes(machine: Machine, project: string) {
  const strict = { target: 'ES2023', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, rootDir: '.' };
  // Node's declarations come from the repository, as the compiler does: they are the user's, not the package's.
  const node = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], lib: ['ES2023'] };
  const browser = { types: [], lib: ['ES2023', 'ESNext.Disposable', 'DOM'] };
  const kinds = [
    { file: 'typed.ts', options: { ...node, module: 'NodeNext', moduleResolution: 'NodeNext' } },
    { file: 'typed-common.cts', options: { ...node, module: 'NodeNext', moduleResolution: 'NodeNext' } },
    { file: 'typed-common.cts', options: { ...node, module: 'Node16', moduleResolution: 'Node16' } },
    { file: 'typed.ts', options: { ...browser, module: 'ESNext', moduleResolution: 'bundler' } },
  ];
  cpSync(join(project, 'typed.ts'), join(project, 'typed-common.cts'));
  for (const [index, { file, options }] of kinds.entries()) {
    const config = `tsconfig.${index}.json`;
    const outDir = `out-${index}`;
    const compilerOptions = { ...strict, skipLibCheck: false, ...options, outDir };
    writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files: [file] }));
    const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false', '-p', config];
    const { code, output } = await machine.node(project, tsc);
    if (code !== 0) {
      throw new ToolError(`${file} with ${options.moduleResolution} does not compile:\n${output}`);
    }
    await machine.prints(project, join(outDir, file.replace(/ts$/, 'js')), DONE);
  }
  return `compiled and run: ${kinds.map(({ file, options }) => `${file} (${options.moduleResolution})`).join(', ')}`;
}

/** Times the first import in processes of its own. Other work on the machine only adds to it, so a slow round is followed by another. */
async function checkBudget(machine: Machine, project: string) {
  const program = "const start = performance.now(); await import('innate'); console.log(performance.now() - start);";
  let seen = '';
  for (let round = 1; round <= IMPORT_ROUNDS; round += 1) {
    const times: number[] = [];
    for (let i = 0; i < IMPORTS; i += 1) {
      const { output } = await machine.node(project, ['--input-type=module', '--eval', program]);
      times.push(Number(output));
    }
    times.sort((a, b) => a - b);
    const median = times[(IMPORTS - 1) / 2] ?? Number.NaN;
    seen = `median ${median.toFixed(1)} ms of ${IMPORTS}, ${times[0]?.toFixed(1)} to ${times.at(-1)?.toFixed(1)}, round ${round}`;
    if (median < IMPORT_MS) {
      return seen;
    }
  }
  throw new ToolError(`${seen}; less than ${IMPORT_MS} ms is allowed.`);
}

export async function main(): Promise<number> {
  if (!process.argv.includes('--packed')) {
    await check('pack', async () => {
      await pack();
      return tarballsIn(OUT)
        .map((tarball) => basename(tarball))
        .join(', ');
    });
  }
  if (!existsSync(OUT)) {
    throw new ToolError('build/npm is not there: without `-- --packed` it is made, and what kept it from that is above.');
  }
  // The package with CUDA, if it was built of this version.
  const cudaOut = join(ROOT, 'build/npm-cuda');
  const hasCuda = existsSync(join(cudaOut, `innate-linux-x64-gnu-cuda-${manifest()['version']}.tgz`));
  const outs = [OUT, ...(hasCuda ? [cudaOut] : [])];
  const tarballs = outs.flatMap(tarballsIn);
  const staged = outs.flatMap((out) => readdirSync(out, { recursive: true, encoding: 'utf8' }).map((name) => join(out, name)));
  const addons = staged.filter((file) => file.endsWith('.node'));
  const main = tarballs.filter((tarball) => /^innate-\d/.test(basename(tarball)));
  await check('publint --strict', () => lint('publint/src/cli.js', ['--strict'], tarballs));
  await check('attw', () => lint('@arethetypeswrong/cli/dist/index.js', ['--no-emoji', '--no-color'], main));
  await check('test hooks', () => checkHooks(addons));
  const folder = mkdtempSync(join(tmpdir(), 'innate-package-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A moment for the running program to hear of it; then what listens to `exit` removes the folder.
    process.once(signal, () => setTimeout(() => process.exit(1), 200));
  }
  const machine = new Machine(join(folder, 'machine'), await startRegistry(join(folder, 'registry')));
  await check('publish', async () => {
    // Those of the other platforms are empty here; npm must neither install them nor call a lock without them out of date.
    const empty = await stageEmptyPlatforms(join(folder, 'empty'));
    for (const what of [...tarballs, ...empty]) {
      await machine.npm(folder, ['publish', what, '--ignore-scripts', '--loglevel=error']);
    }
    return `${tarballs.length} packages, and ${empty.length} empty ones of other platforms`;
  });
  const project = join(folder, 'project');
  await check('install with no compiler on the PATH', () => checkInstall(machine, project));
  await check('import and require', async () => {
    await machine.prints(project, 'import.mjs');
    await machine.prints(project, 'require.cjs');
    return DONE;
  });
  await check('the command innate', () => checkNpx(machine, project));
  await check('TypeScript: NodeNext, CommonJS, bundler', () => checkTypes(machine, project));
  await check('cold import', () => checkBudget(machine, project));
  await checkRunners(machine, join(folder, 'runners'), check);
  await checkRuntimes(machine, join(folder, 'runtimes'), project, steps, check);
  await checkFailures(machine, join(folder, 'failures'), check);
  if (hasCuda) {
    await checkCuda(machine, join(folder, 'cuda'), check);
  } else {
    await steps.step('CUDA', () => {
      console.log('build/npm-cuda holds no package of this version: run `npm run build:cuda`, on Linux x64, and then the command again.');
      return SKIPPED;
    });
  }
  return steps.end('Package').code;
}
