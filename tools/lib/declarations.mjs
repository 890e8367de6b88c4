// Declarations for TypeScript files that are CommonJS: the compiler refuses an ES module's there, although Node.js loads the module.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes `x.d.cts` beside every `x.d.ts`, with its imports renamed. Does nothing to files that are as they should be.
 *
 * @param {string} folder - Folder of compiled files.
 */
export function writeCommonJsDeclarations(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const existing = new Set(names);
  for (const name of names.filter((file) => file.endsWith('.d.ts'))) {
    const text = readFileSync(join(folder, name), 'utf8').replace(/((?:from |import\()'\.[^']*)\.js'/g, "$1.cjs'");
    const output = name.replace(/\.ts$/, '.cts');
    if (!existing.has(output) || readFileSync(join(folder, output), 'utf8') !== text) {
      writeFileSync(join(folder, output), text);
    }
  }
}
