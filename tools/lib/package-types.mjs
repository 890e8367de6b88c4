// The installed package's declarations, as three kinds of user compile against them.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './package-checks.mjs';
import { ROOT, ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

const STRICT = {
  target: 'ES2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  rootDir: '.',
};
/** Node's declarations come from the repository, as the compiler does: they are the user's, not the package's. */
const NODE = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], lib: ['ES2023'] };
const BROWSER = { types: [], lib: ['ES2023', 'ESNext.Disposable', 'DOM'] };

/**
 * Compiles tools/consumer/typed.ts as an ES module, as CommonJS and for bundlers, and runs what came out.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} project - A folder with the package installed.
 */
export async function checkTypes(machine, project) {
  cpSync(join(project, 'typed.ts'), join(project, 'typed-common.cts'));
  const kinds = [
    { file: 'typed.ts', options: { ...NODE, module: 'NodeNext', moduleResolution: 'NodeNext' } },
    { file: 'typed-common.cts', options: { ...NODE, module: 'NodeNext', moduleResolution: 'NodeNext' } },
    { file: 'typed-common.cts', options: { ...NODE, module: 'Node16', moduleResolution: 'Node16' } },
    { file: 'typed.ts', options: { ...BROWSER, module: 'ESNext', moduleResolution: 'bundler' } },
  ];
  for (const [index, { file, options }] of kinds.entries()) {
    const config = `tsconfig.${index}.json`;
    const outDir = `out-${index}`;
    writeFileSync(join(project, config), JSON.stringify({ compilerOptions: { ...STRICT, ...options, outDir }, files: [file] }));
    const { code, output } = await machine.node(project, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '--pretty',
      'false',
      '-p',
      config,
    ]);
    if (code !== 0) {
      throw new ToolError(`${file} with ${JSON.stringify(options.moduleResolution)} does not compile:\n${output}`);
    }
    await runProgram(machine, project, join(outDir, file.replace(/ts$/, 'js')));
  }
  return `compiled and run: ${kinds.map(({ file, options }) => `${file} (${options.moduleResolution})`).join(', ')}`;
}
