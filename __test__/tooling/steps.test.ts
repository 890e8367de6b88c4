import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { AVA_COUNTS, CARGO_COUNTS, type Counts, countTests, STEPS_COUNTS } from '../../tools/lib/steps.js';
import { folderWith, ROOT, runNode } from './helpers.js';

const RUNNERS = { ava: AVA_COUNTS, cargo: CARGO_COUNTS, steps: STEPS_COUNTS };

function count(runner: keyof typeof RUNNERS, code: number, output: string): Counts {
  return countTests(code, output, RUNNERS[runner]);
}

test('counts of ava', (t) => {
  t.deepEqual(count('ava', 0, '  ✔ a › 3 tests passed\n  ─\n\n  29 tests passed\n'), { passed: 29, failed: 0, skipped: 0 });
  t.deepEqual(count('ava', 0, '\n  1 test passed\n  2 tests skipped\n  1 test todo\n'), { passed: 1, failed: 0, skipped: 3 });
  t.deepEqual(count('ava', 1, '\n  1 test failed\n  1 uncaught exception\n'), { passed: 0, failed: 2, skipped: 0 });
  t.deepEqual(count('ava', 1, "\n  ✘ Couldn't find any files to test\n"), { passed: 0, failed: 1, skipped: 0 });
});

test('counts of ava when a test or a hook fails: those that passed too', (t) => {
  const folder = folderWith(t, { 'package.json': '{ "type": "module" }' });
  const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
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
  t.deepEqual(count('ava', 1, printed(`${tests}\ntest('c', (t) => t.fail());`)), { passed: 3, failed: 1, skipped: 1 });
  t.deepEqual(count('ava', 1, printed(`${tests}\ntest.after((t) => t.fail());`)), { passed: 3, failed: 1, skipped: 1 });
  const rejection = printed(`${tests}\ntest('d', (t) => { Promise.reject(new Error('e')); t.pass(); });`);
  t.deepEqual(count('ava', 1, rejection), { passed: 4, failed: 1, skipped: 1 });
});

test('counts of cargo test', (t) => {
  const line = (passed: number, failed: number, ignored: number): string =>
    `test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 0 filtered out; finished in 0.00s\n`;
  t.deepEqual(count('cargo', 0, line(12, 0, 1) + line(3, 0, 0)), { passed: 15, failed: 0, skipped: 1 });
  t.deepEqual(count('cargo', 101, line(12, 2, 0) + line(3, 0, 0)), { passed: 15, failed: 2, skipped: 0 });
});

test('counts of npm test', (t) => {
  const output = '  ✔ a\nok      ava 5 passed, 0 failed, 1.0 s\n\nTests: 12 passed, 0 failed, 3 skipped\n';
  t.deepEqual(count('steps', 0, output), { passed: 12, failed: 0, skipped: 3 });
  t.deepEqual(count('steps', 1, 'Tests: 12 passed, 2 failed, 3 skipped\n'), { passed: 12, failed: 2, skipped: 3 });
  t.deepEqual(count('steps', 124, 'killed\n'), { passed: 0, failed: 1, skipped: 0 });
});

test('no test at all, or a bad exit status alone, is a failure', (t) => {
  t.deepEqual(count('cargo', 0, 'test result: ok. 0 passed; 0 failed; 0 ignored;\n'), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(count('cargo', 101, 'error: could not compile\n'), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(count('ava', 1, '\n  5 tests passed\n'), { passed: 5, failed: 1, skipped: 0 });
});

test('.ci/run runs tools/ci.ts', (t) => {
  t.regex(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /exec node tools\/tool\.mjs ci/);
});
