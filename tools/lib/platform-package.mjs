// The packages around an addon: one a platform, and the one with CUDA.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkGlibc, promisedGlibc } from './glibc.mjs';
import { licenceNotices, linkedCrates } from './licences.mjs';
import { npmProgram } from './npm.mjs';
import { ROOT, run, ToolError } from './process.mjs';

/** The addon with CUDA may have so many bytes. */
const CUDA_BYTES = 12_000_000;

/** @returns {Record<string, any>} The repository's package.json. */
export function manifest() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

/** Fields that all packages have, from the repository's own. */
export function commonFields() {
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
export function writeManifest(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

/** @returns {Promise<readonly string[]>} Platforms that binaries are published for; from the compiled loader, so that the two agree. */
export async function platforms() {
  /** @type {{ PLATFORMS: readonly string[] }} */
  const { PLATFORMS } = await import(pathToFileURL(join(ROOT, 'dist/native/platform.js')).href);
  return PLATFORMS;
}

/**
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @returns {Record<string, unknown>} What npm picks the platform's package by, and the rest that needs no addon.
 */
export function platformFields(platform) {
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
 * What is different with CUDA.
 *
 * @param {string} platform - Such as `linux-x64-gnu`.
 */
function cudaFields(platform) {
  const { version } = commonFields();
  return {
    name: `innate-${platform}-cuda`,
    description: `The native part of innate for ${platform} with CUDA.`,
    // Of one version, or the loader refuses them.
    peerDependencies: { innate: version },
  };
}

/**
 * @param {string} platform - Such as `linux-x64-gnu`.
 * @param {boolean} cuda - Whether it is the addon with CUDA.
 * @returns {string} The package's README.
 */
function readme(platform, cuda) {
  const promised = promisedGlibc(platform);
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

/**
 * Makes the folder of a package around an addon.
 *
 * @param {object} what - What is packed.
 * @param {string} what.addon - Folder of the one addon, from the root.
 * @param {string} what.target - Target triple that it was built for.
 * @param {string} what.out - Where the package's folder goes.
 * @param {boolean} [what.cuda] - Whether it is the addon with CUDA. Default false.
 */
export async function stagePlatform({ addon, target, out, cuda = false }) {
  const built = readdirSync(join(ROOT, addon)).filter((name) => name.endsWith('.node'));
  const platform = /^innate\.(.+)\.node$/.exec(built[0] ?? '')?.[1];
  if (built.length !== 1 || platform === undefined || !(await platforms()).includes(platform)) {
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
  mkdirSync(folder, { recursive: true });
  writeManifest(folder, {
    ...platformFields(platform),
    ...(cuda ? cudaFields(platform) : {}),
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

/** Stops unless the addon will say the version that the loader asks for. */
export function checkVersions() {
  const cargo = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))?.[1];
  const { version } = manifest();
  if (cargo !== version) {
    throw new ToolError(`Cargo.toml says version ${cargo} and package.json ${version}: make them equal.`);
  }
}

/**
 * Packs every folder.
 *
 * @param {string} out - The folder of the folders; the tarballs go there too.
 * @returns {Promise<string[]>} The tarballs.
 */
export async function packFolders(out) {
  const folders = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    const args = [npmProgram(), 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', out];
    const { code, output } = await run(process.execPath, args, { cwd: join(out, name), output: 'capture' });
    if (code !== 0) {
      throw new ToolError(`npm pack failed in ${name}:\n${output}`);
    }
  }
  const tarballs = readdirSync(out).filter((name) => name.endsWith('.tgz'));
  return tarballs.map((name) => join(out, name));
}
