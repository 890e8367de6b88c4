// `npm run pack`: the packages as they are published, for this platform, into build/npm: `innate` and `innate-<platform>`, each as a folder
// and as a tarball. `--skip-addon` packs `innate` alone, with no Rust. See docs/decisions/0012.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildPublished, buildTypeScript } from './lib/build.mjs';
import { GLIBC_FLOOR, glibcFloor } from './lib/glibc.mjs';
import { licenceNotices, linkedCrates } from './lib/licences.mjs';
import { npmProgram } from './lib/npm.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';
import { isOlder } from './lib/toolchain.mjs';

/** Where the packages go. */
export const OUT = join(ROOT, 'build/npm');

/** @returns {Record<string, any>} The repository's package.json. */
function manifest() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

/** Fields that both kinds of package have, from the repository's own. */
function commonFields() {
  const { version, license, engines } = manifest();
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  // Provenance is refused for a package that does not say where it comes from.
  const repository = server && name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
  return { version, license, engines, ...repository };
}

/**
 * @param {string} folder - Where to write it.
 * @param {Record<string, unknown>} content - Its fields.
 */
function writeManifest(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

/** @returns {Promise<readonly string[]>} Platforms that binaries are published for; from the compiled loader, so that the two agree. */
async function platforms() {
  /** @type {{ PLATFORMS: readonly string[] }} */
  const { PLATFORMS } = await import(pathToFileURL(join(ROOT, 'dist/native/platform.js')).href);
  return PLATFORMS;
}

/** Makes the folder of `innate`: no scripts, no dependencies, and every platform's package as an optional one at this very version. */
async function stageMain() {
  const { name, description, keywords, type, main, types, exports } = manifest();
  const folder = join(OUT, name);
  mkdirSync(folder, { recursive: true });
  const { version } = commonFields();
  const optionalDependencies = Object.fromEntries((await platforms()).map((platform) => [`${name}-${platform}`, version]));
  writeManifest(folder, { name, description, keywords, ...commonFields(), type, main, types, exports, optionalDependencies });
  for (const file of ['index.cjs', 'index.d.cts', 'index.d.ts', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  const cli = join(ROOT, 'dist/cli');
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (path) => path !== cli && !path.endsWith('.tsbuildinfo'),
  });
}

/**
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @returns {Record<string, unknown>} What npm picks the platform's package by, and the rest that needs no addon.
 */
function platformFields(platform) {
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

/**
 * Makes folders of the other platforms' packages, with no binary in them: for tests of what npm picks. They are never published.
 *
 * @param {string} folder - Where.
 * @returns {Promise<string[]>} The folders.
 */
export async function stageEmptyPlatforms(folder) {
  const here = new Set(readdirSync(OUT));
  const others = (await platforms()).filter((platform) => !here.has(`innate-${platform}`));
  return others.map((platform) => {
    const path = join(folder, platform);
    mkdirSync(path, { recursive: true });
    writeManifest(path, platformFields(platform));
    return path;
  });
}

/**
 * Makes the folder of the platform's package around the addon in build/addon.
 *
 * @param {string} target - Target triple that the addon was built for.
 */
async function stagePlatform(target) {
  const built = readdirSync(join(ROOT, 'build/addon')).filter((name) => name.endsWith('.node'));
  const platform = /^innate\.(.+)\.node$/.exec(built[0] ?? '')?.[1];
  if (built.length !== 1 || platform === undefined || !(await platforms()).includes(platform)) {
    throw new ToolError(`build/addon holds ${built.join(', ') || 'no addon'}: it must hold one, of a platform that is published.`);
  }
  const main = `innate.${platform}.node`;
  const addon = join(ROOT, 'build/addon', main);
  const glibc = platform.endsWith('-gnu');
  const floor = glibc ? glibcFloor(addon) : '0';
  if (isOlder(GLIBC_FLOOR, floor)) {
    throw new ToolError(`${main} needs glibc ${floor}, and ${GLIBC_FLOOR} is promised (tools/lib/glibc.mjs): build it on an older system.`);
  }
  const folder = join(OUT, `innate-${platform}`);
  mkdirSync(folder, { recursive: true });
  const needs = glibc ? ` It needs glibc ${GLIBC_FLOOR} or newer.` : '';
  writeManifest(folder, {
    ...platformFields(platform),
    main,
    files: [main, 'THIRD-PARTY.md'],
    // The loader compares: a cut library would end the process. See src/native/damage.ts.
    innate: { sha256: createHash('sha256').update(readFileSync(addon)).digest('hex') },
  });
  const readme = `# innate-${platform}\n\nThe native part of \`innate\` for ${platform}. Install \`innate\`, which brings it.${needs}\n`;
  writeFileSync(join(folder, 'README.md'), readme);
  cpSync(addon, join(folder, main));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'THIRD-PARTY.md'), licenceNotices(await linkedCrates(target)));
}

/** Stops unless the addon will say the version that the loader asks for. */
function checkVersions() {
  const cargo = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))?.[1];
  const { version } = manifest();
  if (cargo !== version) {
    throw new ToolError(`Cargo.toml says version ${cargo} and package.json ${version}: make them equal.`);
  }
}

/**
 * Packs for this platform.
 *
 * @param {boolean} [addon] - Whether to build and pack the addon too.
 * @returns {Promise<{ tarballs: string[], seconds: number }>} The tarballs, and how long the addon took.
 */
export async function pack(addon = true) {
  checkVersions();
  rmSync(OUT, { recursive: true, force: true });
  await buildTypeScript();
  await stageMain();
  let seconds = 0;
  if (addon) {
    rmSync(join(ROOT, 'build/addon'), { recursive: true, force: true });
    const start = performance.now();
    const target = await buildPublished();
    seconds = (performance.now() - start) / 1000;
    await stagePlatform(target);
  }
  const folders = readdirSync(OUT).map((name) => join(OUT, name));
  for (const folder of folders) {
    const args = [npmProgram(), 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', OUT];
    const { code, output } = await run(process.execPath, args, { cwd: folder, output: 'capture' });
    if (code !== 0) {
      throw new ToolError(`npm pack failed in ${folder}:\n${output}`);
    }
  }
  const tarballs = readdirSync(OUT).filter((name) => name.endsWith('.tgz'));
  return { tarballs: tarballs.map((name) => join(OUT, name)), seconds };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await tool(async () => {
    const { tarballs } = await pack(!process.argv.includes('--skip-addon'));
    for (const tarball of tarballs) {
      console.log(tarball.slice(ROOT.length + 1));
    }
    return 0;
  });
}
