import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Ended, folderWith, ROOT, runTool } from './helpers.js';

/** Runs `npm start`'s script with a PATH of only these programs, each a shell script. */
function start(t: ExecutionContext, programs: Readonly<Record<string, string>>, node: readonly string[] = []): Ended {
  const folder = folderWith(t, Object.fromEntries(Object.entries(programs).map(([name, text]) => [name, `#!/bin/sh\n${text}\n`])));
  for (const name of Object.keys(programs)) {
    chmodSync(join(folder, name), 0o755);
  }
  symlinkSync(process.execPath, join(folder, 'node'));
  const { RUSTC: _, ...env } = process.env;
  return runTool(['run', 'dist/cli/repository/start.js'], { ...env, PATH: folder }, node);
}

/** One sentence on standard error, naming what is missing and the remedy; status 1; no stack. */
function isOneSentence(t: ExecutionContext, ended: Ended, ...words: RegExp[]): void {
  t.is(ended.code, 1);
  t.is(ended.stdout, '');
  t.is(ended.stderr.trimEnd().split('\n').length, 1);
  for (const word of words) {
    t.regex(ended.stderr, word);
  }
}

const rustc = (version: string): string => `echo "rustc ${version}"; echo "host: x86_64-unknown-linux-gnu"; echo "release: ${version}"`;
const posix = process.platform === 'win32' ? test.skip : test;

for (const name of ['run', 'test', 'check', 'build']) {
  posix(`${name} without cargo: one sentence`, (t) => {
    const ended = runTool([name], { ...process.env, PATH: folderWith(t, {}) });
    isOneSentence(t, ended, /Rust 1\.\d+/, /`cargo` is not on your PATH/, /https:\/\/rustup\.rs/);
  });
}

posix('cargo older than the workspace allows: one sentence', (t) => {
  const ended = start(t, { cargo: 'echo "cargo 1.63.0"', rustc: rustc('1.63.0') });
  isOneSentence(t, ended, /Rust 1\.\d+ or newer/, /is 1\.63\.0/, /rustup update/);
});

posix('rustc older than cargo: the older one is named', (t) => {
  isOneSentence(t, start(t, { cargo: 'echo "cargo 1.99.0"', rustc: rustc('1.70.0') }), /is 1\.70\.0/);
});

posix('a cargo that does not run (rustup without a toolchain): one sentence', (t) => {
  const ended = start(t, { cargo: 'echo "error: no default toolchain" >&2; exit 1', rustc: rustc('1.99.0') });
  isOneSentence(t, ended, /does not run \(error: no default toolchain\)/, /https:\/\/rustup\.rs/);
});

const linux = process.platform === 'linux' ? test : test.skip;
linux('Rust without a C linker: one sentence', (t) => {
  const ended = start(t, { cargo: 'echo "cargo 1.99.0"', rustc: rustc('1.99.0') });
  isOneSentence(t, ended, /C linker/, /`cc` is not on your PATH/, /build-essential/);
});

posix('an old Node: one sentence', (t) => {
  const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.19.1" } });';
  const ended = start(t, {}, ['--import', `data:text/javascript,${encodeURIComponent(old)}`]);
  isOneSentence(t, ended, /Node\.js 20\.19 or newer/, /18\.19\.1/, /https:\/\/nodejs\.org/);
});

test('the locks name no address and no registry', (t) => {
  for (const folder of ['.', 'tools/browser', 'tools/onnx', 'tools/registry', 'tools/runners', 'tools/runtimes', 'tools/sysroot']) {
    t.notRegex(readFileSync(join(ROOT, folder, 'package-lock.json'), 'utf8'), /"resolved"/, folder);
  }
  t.notRegex(readFileSync(join(ROOT, '.npmrc'), 'utf8'), /registry\s*=|https?:/);
});
