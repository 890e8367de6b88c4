import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EXAMPLES } from '#dist/cli/repository/examples.js';

const ROOT = new URL('../../../', import.meta.url);

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('dist/cli/repository/example.js', ROOT)), ...args], {
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });

test('without a name the examples are listed, each with what it shows', (t) => {
  for (const flags of [[], ['--help'], ['-h']]) {
    const { status, stdout, stderr } = run(...flags);
    t.deepEqual([status, stderr], [0, '']);
    for (const [name, { shows }] of Object.entries(EXAMPLES)) {
      t.true(stdout.includes(`  ${name} `) && stdout.includes(shows), name);
    }
  }
  const unknown = run('toString');
  t.is(unknown.status, 1);
  t.regex(unknown.stderr, /^There is no example 'toString'\.\n\nUsage: npm run example -- NAME/);
});

test('every example is a program that imports the package and nothing else of ours, and every environment of the folder is listed', (t) => {
  for (const { program } of Object.values(EXAMPLES)) {
    t.true(existsSync(new URL(`build/examples/${program}.js`, ROOT)), program);
  }
  const files = readdirSync(new URL('examples', ROOT), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const imported = [...readFileSync(new URL(`examples/${file}`, ROOT), 'utf8').matchAll(/(?:from |import\()'([^']+)'/g)].map(
      ([, name]) => name ?? '',
    );
    t.deepEqual(
      imported.filter(
        (name) => !/^(innate|innate\/(environments|define|infer)|node:.*|node-sqlite3-wasm|esbuild|\.\/[\w-]+\.js)$/.test(name),
      ),
      [],
      file,
    );
  }
  const programs = files.filter((file) => file.startsWith('environments') && !file.endsWith('known.ts'));
  t.deepEqual(
    programs.map((file) => file.replace(/\.ts$/, '').replace('\\', '/')).sort(),
    Object.values(EXAMPLES)
      .map(({ program }) => program)
      .filter((program) => program.startsWith('environments/'))
      .sort(),
  );
});

test('an environment ends with its score beside the published one, the best and that of random play', (t) => {
  const { status, stdout, stderr } = run('cart-pole', '--steps', '2048', '--seed', '3');
  t.is(status, 0, stderr);
  t.regex(stderr, /Stage 0 \(default\): done after 1 iterations/, 'a line shows how it goes');
  t.regex(
    stdout,
    /CartPole-v1 after 2,048 steps in [\d.]+ s.*\n {2}this agent {5}\d+\.\d{3}\n {2}published {6}490\.000\n {2}best possible {2}500\.000\n {2}random play {4}22\.260\n {2}CleanRL/,
  );
});

test('the environment behind a service answers and is learned from', (t) => {
  const { status, stdout, stderr } = run('http-environment', '--steps', '384');
  t.is(status, 0, stderr);
  t.regex(stdout, /384 requests answered and learned from in [\d.]+ s\nDoors opened in fresh greedy visits: [\d.]+ %; at random 25 %/);
});

test('the support desk solves its tickets in a real database', (t) => {
  const { status, stdout, stderr } = run('support-desk');
  t.is(status, 0, stderr);
  const done = stdout.slice(stdout.indexOf('What the database says')).trim().split('\n').slice(1);
  t.deepEqual(
    done.map((line) => line.trim()),
    [
      '1001  reship express',
      '1001  reply settled',
      '1002  refund full',
      '1002  reply settled',
      '1003  refund half',
      '1003  reply settled',
      '1003  reship standard',
      '1003  reply settled',
      '1004  reply patience',
      '4711  reply no such order',
    ],
  );
});
