// `npm test`: installs, builds and runs every test. `npm run test:rust`, `test:ts`, `test:docs` run one kind, with arguments for cargo test or ava.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare } from './build.js';
import { checkDocs } from './check-docs.js';
import { buildDocs } from './docs.js';
import { ROOT, ToolError } from './lib/process.js';
import { AVA_COUNTS, CARGO_COUNTS, Steps } from './lib/steps.js';
import { requireRust } from './lib/toolchain.js';

export async function main(): Promise<number> {
  const [kind, ...args] = process.argv.slice(2);
  if (kind !== undefined && !['rust', 'ts', 'docs'].includes(kind)) {
    throw new ToolError(`There is no kind of test called ${kind}: name rust, ts, docs, or nothing for all.`);
  }
  const all = kind === undefined;
  const steps = new Steps();
  const host = await (kind === 'rust' ? requireRust() : prepare());
  if (all || kind === 'rust') {
    const cargo = ['test', '--locked', '--workspace', '--release', '--target', host, '--no-fail-fast', ...args];
    await steps.tests('cargo test', CARGO_COUNTS, 'cargo', cargo);
  }
  if (all || kind === 'ts') {
    await steps.tests('ava', AVA_COUNTS, process.execPath, [join(ROOT, 'node_modules/ava/entrypoints/cli.mjs'), ...args]);
    const addon = readdirSync(ROOT).find((name) => name.endsWith('.node')) ?? '';
    await steps.check('the binding by itself', process.execPath, ['crates/innate-napi/tests/binding.mjs', join(ROOT, addon)]);
  }
  if (all) {
    // A file is a program, and so is a folder with a main.ts; those of examples/environments are run by name, as `npm run example` does.
    const programs = readdirSync(join(ROOT, 'examples')).flatMap((name) => {
      const main = name.endsWith('.ts') ? name : join(name, 'main.ts');
      return existsSync(join(ROOT, 'examples', main)) ? [main] : [];
    });
    for (const program of programs) {
      await steps.check(`examples/${program}`, process.execPath, [join('build/examples', program.replace(/ts$/, 'js'))]);
    }
    await steps.passes('the site of the documentation', buildDocs);
  }
  if (all || kind === 'docs') {
    await steps.passes('code blocks of the documentation', () => checkDocs(args));
  }
  return steps.end('Tests').code;
}
