// The published JavaScript: one file, because Node.js takes longer to find and link sixty modules than to run them. See docs/decisions/0012.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './process.mjs';

/**
 * Runs esbuild, which is not there yet when this module is loaded.
 *
 * @param {import('esbuild').BuildOptions} options - See there.
 */
export async function esbuild(options) {
  const { build } = await import('esbuild');
  await build({ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', ...options });
}

/**
 * Writes the compiled package as it is published: all modules in one, as an ES module and as CommonJS, and every declaration file.
 *
 * @param {string} out - Its `dist` folder.
 */
export async function bundle(out) {
  const dist = join(ROOT, 'dist');
  /** @type {import('esbuild').BuildOptions} */
  // Names are kept, because errors show those of their classes.
  const options = { entryPoints: [join(dist, 'index.js')], keepNames: true, legalComments: 'none' };
  await esbuild({ ...options, outfile: join(out, 'index.js') });
  // For whoever requires it and cannot have an ES module: Jest. See index.cjs.
  await esbuild({
    ...options,
    outfile: join(out, 'index.cjs'),
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "'use strict';\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  const cli = join(dist, 'cli');
  cpSync(dist, out, { recursive: true, filter: (path) => path !== cli && (!/\.[^/.]+$/.test(path) || /\.d\.c?ts$/.test(path)) });
}
