// `npm run pack`: the packages as they are published, for this platform, into build/npm: `innate` and `innate-<platform>`, each as a folder
// and as a tarball. `--skip-addon` packs `innate` alone, with no Rust. See docs/decisions/0012.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { buildPublished, buildTypeScript } from './build.js';
import { checkGlibc, PROMISED_GLIBC } from './lib/glibc.js';
import { licenceNotices, linkedCrates } from './lib/licences.js';
import { npmProgram, ROOT, run, ToolError } from './lib/process.js';

/** Where the packages go. */
export const OUT = join(ROOT, 'build/npm');
/** The addon with CUDA may have so many bytes. */
const CUDA_BYTES = 12_000_000;

export function manifest(): Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

/** Fields that all packages have, from the repository's own. */
function commonFields() {
  const { version, license, engines } = manifest();
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  // Provenance is refused for a package that does not say where it comes from.
  const repository = server && name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
  return { version, license, engines, ...repository };
}

function stage(folder: string, fields: Record<string, unknown>) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(fields, null, 2)}\n`);
}

/** The compiled loader's module: binaries are published for the platforms that it looks for. */
export const loaderPlatforms = () => import('#dist/native/platform.js');

/** Bundles a program into one file. esbuild is loaded late: it is not there yet when this module is loaded. */
export async function bundle(options: BuildOptions) {
  const { build } = await import('esbuild');
  await build({ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', ...options });
}

/** The entries of `innate`, by the names of their files: `index` is the package itself, another is a path below it. */
const ENTRIES = ['index', 'define', 'environments', 'infer'];

/**
 * Makes the folder of `innate`: no scripts, no dependencies, and every platform's package as an optional one at this very version. The
 * JavaScript is a file an entry, a few for the program, and few that they share, as ES modules, and one file as CommonJS, because Node.js takes longer to find and
 * link sixty modules than to run them.
 */
async function stageMain() {
  const { name, description, keywords, type, main, types, bin, exports } = manifest();
  const { PLATFORMS } = await loaderPlatforms();
  const { version } = commonFields();
  const optionalDependencies = Object.fromEntries(PLATFORMS.map((platform) => [`${name}-${platform}`, version]));
  const folder = join(OUT, name);
  stage(folder, { name, description, keywords, ...commonFields(), type, main, types, bin, exports, optionalDependencies });
  const faces = ENTRIES.flatMap((entry) => [`${entry}.cjs`, `${entry}.d.cts`, `${entry}.d.ts`]);
  for (const file of [...faces, 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  const dist = join(ROOT, 'dist');
  const out = join(folder, 'dist');
  const options: BuildOptions = {
    plugins: [namedClasses(dist)],
    legalComments: 'none',
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    lineLimit: 160,
  };
  const library = await bundleCommand(options, dist, out);
  const entryPoints = [...ENTRIES.map((entry) => ({ in: join(dist, `${entry}.js`), out: entry })), { in: LIBRARY, out: 'library' }];
  // What entries share is there once: a class of errors, say, is the same class in all.
  const virtual: Plugin = {
    name: 'library',
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`^${LIBRARY}$`) }, ({ path }) => ({ path, namespace: 'library' }));
      build.onLoad({ filter: /./, namespace: 'library' }, () => ({ contents: library, resolveDir: dist }));
    },
  };
  await bundle({
    ...options,
    entryPoints,
    plugins: [virtual, namedClasses(dist)],
    outdir: out,
    splitting: true,
    chunkNames: 'shared-[hash]',
  });
  // For whoever requires it and cannot have an ES module: Jest. See index.cjs.
  await bundle({
    ...options,
    stdin: { contents: ENTRIES.map((entry) => `export * as ${entry} from './${entry}.js';`).join('\n'), resolveDir: dist },
    outfile: join(out, 'all.cjs'),
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "'use strict';\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  for (const entry of ENTRIES) {
    writeFileSync(join(out, `${entry}.cjs`), `'use strict';\nmodule.exports = require('./all.cjs').${entry};\n`);
  }
  const reached = declarationsOf(ENTRIES.map((entry) => join(dist, `${entry}.d.ts`)));
  for (const file of reached.flatMap((path) => [path, path.replace(/\.ts$/, '.cts')])) {
    cpSync(file, join(out, relative(dist, file)));
  }
}

/** Classes keep their names, which errors and inspection show; keeping those of all functions would take a tenth of the import. */
function namedClasses(dist: string): Plugin {
  return {
    name: 'named-classes',
    setup: (build) => {
      build.onLoad({ filter: /\.js$/ }, ({ path }) => {
        const code = path.startsWith(dist) ? readFileSync(path, 'utf8') : undefined;
        const named = '$&static{Object.defineProperty(this,"name",{value:"$1",configurable:true})}';
        return code === undefined
          ? undefined
          : { contents: code.replace(/^(?:export )?class (\w+)(?: extends \w+)? \{/gm, named), loader: 'js' };
      });
    },
  };
}

/** The module that the program has the library from. */
const LIBRARY = 'innate:library';

/**
 * Bundles the program `innate`, a file a command. What it takes of the library is one module for all commands: with a door for each, the library
 * would fall into thirty files, and importing it take longer. Errors and helpers it has itself, so that help is printed without the library.
 * Returns the code of that module.
 */
async function bundleCommand(options: BuildOptions, dist: string, outdir: string) {
  const taken = new Set<string>();
  const doors: Plugin = {
    name: 'doors',
    setup: (build) => {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const file = relative(dist, resolve(dirname(importer), path)).replaceAll('\\', '/');
        if (importer === '' || /^(cli|errors|util)\//.test(file)) {
          return undefined;
        }
        if (ENTRIES.includes(file.replace(/\.js$/, ''))) {
          return { path: `../${file}`, external: true };
        }
        taken.add(file);
        return { path: '../library.js', external: true };
      });
    },
  };
  const entryPoints = [{ in: join(dist, 'cli/main.js'), out: 'cli/main' }];
  await bundle({ ...options, entryPoints, outdir, splitting: true, chunkNames: 'cli/[name]-[hash]', plugins: [doors, namedClasses(dist)] });
  return [...taken]
    .sort()
    .map((file) => `export * from './${file}';`)
    .join('\n');
}

/** Declarations that entries name, and those that these name. */
function declarationsOf(entries: readonly string[]): string[] {
  const reached = new Set(entries);
  for (const path of reached) {
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g)) {
      reached.add(`${join(dirname(path), name)}.d.ts`);
    }
  }
  return [...reached];
}

function platformFields(platform: string): Record<string, unknown> {
  const [os, cpu, abi] = platform.split('-');
  return {
    name: `innate-${platform}`,
    description: `The native part of innate for ${platform}.`,
    ...commonFields(),
    type: 'commonjs',
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: [abi === 'gnu' ? 'glibc' : 'musl'] } : {}),
  };
}

/** Makes folders of the other platforms' packages, without a binary, for tests of what npm picks. They are never published. */
export async function stageEmptyPlatforms(folder: string): Promise<string[]> {
  const here = readdirSync(OUT);
  const others = (await loaderPlatforms()).PLATFORMS.filter((platform) => !here.includes(`innate-${platform}`));
  for (const platform of others) {
    stage(join(folder, platform), platformFields(platform));
  }
  return others.map((platform) => join(folder, platform));
}

/** The README of the package around an addon. */
function readme(platform: string, cuda: boolean): string {
  const promised = PROMISED_GLIBC[platform];
  const glibc = promised === undefined ? '' : ` It needs glibc ${promised} or newer.`;
  if (!cuda) {
    return `# innate-${platform}\n\nThe native part of \`innate\` for ${platform}. Install \`innate\`, which brings it.${glibc}\n`;
  }
  return [
    `# innate-${platform}-cuda`,
    `The native part of \`innate\` for ${platform} with CUDA, for \`device: 'cuda'\` and \`device: 'auto'\`. Install it beside \`innate\`, at the same version.`,
    `It needs an NVIDIA GPU of compute capability 7.5 or newer (Turing), a driver for CUDA 13 (580 or newer), and \`libcublas.so.13\` and \`libcurand.so.10\` of the CUDA 13 toolkit where the loader finds them.${glibc}`,
    'It was compiled and linked, and has never run on a GPU.\n',
  ].join('\n\n');
}

interface Build {
  readonly addon: string; // Folder of the one addon, from the root.
  readonly target: string; // Target triple that it was built for.
  readonly out: string; // Where the package's folder goes.
  readonly cuda?: boolean; // Whether it is the addon with CUDA. Default false.
}

/** Makes the folder of a package around an addon. */
export async function stagePlatform({ addon, target, out, cuda = false }: Build): Promise<void> {
  const built = readdirSync(join(ROOT, addon)).filter((name) => name.endsWith('.node'));
  const platform = /^innate\.(.+)\.node$/.exec(built[0] ?? '')?.[1];
  const { PLATFORMS } = await loaderPlatforms();
  if (built.length !== 1 || platform === undefined || !PLATFORMS.some((known) => known === platform)) {
    throw new ToolError(`${addon} holds ${built.join(', ') || 'no addon'}: it must hold one, of a platform that is published.`);
  }
  const file = join(ROOT, addon, built[0] ?? '');
  checkGlibc(file, platform);
  const bytes = statSync(file).size;
  if (cuda && bytes > CUDA_BYTES) {
    throw new ToolError(`The addon with CUDA has ${(bytes / 1e6).toFixed(2)} MB, and ${CUDA_BYTES / 1e6} MB are allowed.`);
  }
  const build = cuda ? `${platform}-cuda` : platform;
  const main = `innate.${build}.node`;
  const folder = join(out, `innate-${build}`);
  const cudaFields = {
    name: `innate-${build}`,
    description: `The native part of innate for ${platform} with CUDA.`,
    // Of one version, or the loader refuses them.
    peerDependencies: { innate: commonFields().version },
  };
  stage(folder, {
    ...platformFields(platform),
    ...(cuda ? cudaFields : {}),
    main,
    files: [main, 'THIRD-PARTY.md'],
    // The loader compares: a cut library would end the process. See src/native/damage.ts.
    innate: { sha256: createHash('sha256').update(readFileSync(file)).digest('hex') },
  });
  writeFileSync(join(folder, 'README.md'), readme(platform, cuda));
  cpSync(file, join(folder, main));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'THIRD-PARTY.md'), licenceNotices(await linkedCrates(target, cuda ? ['cuda'] : [])));
}

export function tarballsIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return names.map((name) => join(folder, name));
}

export async function packFolders(out: string) {
  for (const { name } of readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const args = [npmProgram(), 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', out];
    const { code, output } = await run(process.execPath, args, { cwd: join(out, name), output: 'capture' });
    if (code !== 0) {
      throw new ToolError(`npm pack failed in ${name}:\n${output}`);
    }
  }
}

export async function pack(addon = true) {
  rmSync(OUT, { recursive: true, force: true });
  await buildTypeScript();
  await stageMain();
  if (addon) {
    const target = await buildPublished('build/addon');
    await stagePlatform({ addon: 'build/addon', target, out: OUT });
  }
  await packFolders(OUT);
}

export async function main(): Promise<void> {
  await pack(!process.argv.includes('--skip-addon'));
  for (const tarball of tarballsIn(OUT)) {
    console.log(tarball.slice(ROOT.length + 1));
  }
}
