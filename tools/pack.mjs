// `npm run pack`: the packages as they are published, for this platform, into build/npm: `innate` and `innate-<platform>`, each as a folder
// and as a tarball. `--skip-addon` packs `innate` alone, with no Rust. See docs/decisions/0012.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildPublished, buildTypeScript } from './lib/build.mjs';
import { bundle } from './lib/bundle.mjs';
import {
  checkVersions,
  commonFields,
  manifest,
  packFolders,
  platformFields,
  platforms,
  stagePlatform,
  writeManifest,
} from './lib/platform-package.mjs';
import { ROOT, tool } from './lib/process.mjs';

/** Where the packages go. */
export const OUT = join(ROOT, 'build/npm');

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
  await bundle(join(folder, 'dist'));
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
    const start = performance.now();
    const target = await buildPublished('build/addon');
    seconds = (performance.now() - start) / 1000;
    await stagePlatform({ addon: 'build/addon', target, out: OUT });
  }
  return { tarballs: await packFolders(OUT), seconds };
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
