import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ROOT, runNode } from './helpers.js';

/** Counts of one of the runners' outputs, through the tools' own module. */
function count(runner: 'AVA_COUNTS' | 'CARGO_COUNTS', code: number, output: string): unknown {
  const source = `import { countTests, ${runner} } from './tools/lib/steps.mjs';
    console.log(JSON.stringify(countTests(${code}, ${JSON.stringify(output)}, ${runner})));`;
  return JSON.parse(runNode(['--input-type=module', '--eval', source]).stdout.trim().split('\n').at(-1) ?? '');
}

test('counts of ava', (t) => {
  t.deepEqual(count('AVA_COUNTS', 0, '  ✔ a › 3 tests passed\n  ─\n\n  29 tests passed\n'), { passed: 29, failed: 0, skipped: 0 });
  t.deepEqual(count('AVA_COUNTS', 0, '\n  1 test passed\n  2 tests skipped\n  1 test todo\n'), { passed: 1, failed: 0, skipped: 3 });
  t.deepEqual(count('AVA_COUNTS', 1, '\n  1 test failed\n  1 uncaught exception\n'), { passed: 0, failed: 2, skipped: 0 });
  t.deepEqual(count('AVA_COUNTS', 1, "\n  ✘ Couldn't find any files to test\n"), { passed: 0, failed: 1, skipped: 0 });
});

test('counts of ava when a test or a hook fails: those that passed too', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'innate-ava-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  /** What ava prints for one file of tests. */
  const printed = (code: string): string => {
    writeFileSync(join(folder, 'a.test.js'), `import test from 'ava';\n${code}`);
    const ended = runNode([ava], { cwd: folder });
    t.is(ended.code, 1);
    return ended.stdout + ended.stderr;
  };
  const tests = `
    test('a', (t) => t.pass());
    test('b', (t) => t.pass());
    test.failing('known', (t) => t.fail());
    test.skip('skipped', (t) => t.pass());`;
  t.deepEqual(count('AVA_COUNTS', 1, printed(`${tests}\ntest('c', (t) => t.fail());`)), { passed: 3, failed: 1, skipped: 1 });
  t.deepEqual(count('AVA_COUNTS', 1, printed(`${tests}\ntest.after((t) => t.fail());`)), { passed: 3, failed: 1, skipped: 1 });
  const rejection = printed(`${tests}\ntest('d', (t) => { Promise.reject(new Error('e')); t.pass(); });`);
  t.deepEqual(count('AVA_COUNTS', 1, rejection), { passed: 4, failed: 1, skipped: 1 });
});

test('counts of cargo test', (t) => {
  const line = (passed: number, failed: number, ignored: number): string =>
    `test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 0 filtered out; finished in 0.00s\n`;
  t.deepEqual(count('CARGO_COUNTS', 0, line(12, 0, 1) + line(3, 0, 0)), { passed: 15, failed: 0, skipped: 1 });
  t.deepEqual(count('CARGO_COUNTS', 101, line(12, 2, 0) + line(3, 0, 0)), { passed: 15, failed: 2, skipped: 0 });
});

test('no test at all, or a bad exit status alone, is a failure', (t) => {
  t.deepEqual(count('CARGO_COUNTS', 0, 'test result: ok. 0 passed; 0 failed; 0 ignored;\n'), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(count('CARGO_COUNTS', 101, 'error: could not compile\n'), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(count('AVA_COUNTS', 1, '\n  5 tests passed\n'), { passed: 5, failed: 1, skipped: 0 });
});

test('the extractor of code blocks', (t) => {
  const text = [
    '# A',
    '```ts',
    'const a = 1;',
    '```',
    '```sh',
    '```ts',
    'x',
    '```',
    '1. b',
    '   ```ts no-run',
    '   const b = 2;',
    '   ```',
    '````md',
    '```ts',
    'no',
    '```',
    '````',
  ].join('\n');
  const source = `import { extractBlocks } from './tools/check-docs.mjs';
    console.log(JSON.stringify(extractBlocks('docs/guide/A.md', ${JSON.stringify(text)})));`;
  t.deepEqual(JSON.parse(runNode(['--input-type=module', '--eval', source]).stdout), [
    { file: 'docs/guide/A.md', line: 3, name: 'docs-guide-a-3', code: 'const a = 1;', run: true },
    { file: 'docs/guide/A.md', line: 11, name: 'docs-guide-a-11', code: 'const b = 2;', run: false },
  ]);
});

test.serial('a document without a block to run fails the check', (t) => {
  const file = 'build/no-block.md';
  writeFileSync(join(ROOT, file), '# Nothing\n');
  const { code, stderr } = runNode(['tools/check-docs.mjs', file]);
  rmSync(join(ROOT, file));
  t.is(code, 1);
  t.regex(stderr, /No code block to run/);
});

test('.ci/run is executable and runs tools/ci.mjs', (t) => {
  t.regex(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /exec node tools\/ci\.mjs/);
});
