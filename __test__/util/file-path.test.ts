import { sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { Issue } from 'innate';
import { readFilePath } from '#dist/util/file-path.js';
import { Issues } from '#dist/util/issues.js';

function read(path: unknown): { text: string; issues: readonly Issue[] } {
  const issues = new Issues();
  return { text: readFilePath(path, issues), issues: issues.list };
}

const posix = sep === '/' ? test : test.skip;
const REMEDY = "Pass the path of a file as a string, or a file: URL such as new URL('agent.safetensors', import.meta.url).";

posix('an absolute path stays as it is, a relative one counts from the working folder', (t) => {
  t.deepEqual(read('/a/../b/./agent'), { text: '/a/../b/./agent', issues: [] });
  t.deepEqual(read('a/../agent'), { text: `${process.cwd()}/a/../agent`, issues: [] });
  t.deepEqual(read('agent'), { text: `${process.cwd()}/agent`, issues: [] });
  t.deepEqual(read('..agent'), { text: `${process.cwd()}/..agent`, issues: [] });
  t.deepEqual(read('.a'), { text: `${process.cwd()}/.a`, issues: [] });
  t.deepEqual(read(pathToFileURL('/a b/agent')), { text: '/a b/agent', issues: [] });
  t.deepEqual(read({ href: 'file:///x/y' }), { text: '/x/y', issues: [] });
});

const BAD: readonly (readonly [unknown, string])[] = [
  [undefined, "must be a file's path, got undefined."],
  [null, "must be a file's path, got null."],
  ['', "must be a file's path, got ''."],
  [3, "must be a file's path, got 3."],
  [{}, "must be a file's path, got an object (Object)."],
  [{ href: 3 }, "must be a file's path, got an object (Object)."],
  ['a\0b', 'must not hold the character U+0000.'],
  ['/a/', "must be a file's path, got a folder's: '/a/'."],
  ['.', "must be a file's path, got a folder's: '.'."],
  ['a/..', "must be a file's path, got a folder's: 'a/..'."],
  ['/', "must be a file's path, got a folder's: '/'."],
];

for (const [path, message] of BAD) {
  test(`refuses ${JSON.stringify(path)}: ${message}`, (t) => {
    t.deepEqual(read(path), { text: '', issues: [{ path: 'path', message, remedy: REMEDY }] });
  });
}

posix('says what is wrong with a URL, and when the working folder is gone', (t) => {
  const [issue] = read(new URL('https://host/x')).issues;
  t.regex(issue?.message ?? '', /^must be the URL of a file, got 'https:\/\/host\/x': .*file.*\.$/);
  t.is(issue?.remedy, REMEDY);
  t.true(read(new URL('file://host/x')).issues[0]?.message.startsWith("must be the URL of a file, got 'file://host/x': "));
  const { cwd } = process;
  process.cwd = () => {
    throw new Error('ENOENT');
  };
  try {
    t.deepEqual(read('agent').issues, [
      { path: 'path', message: "is relative, got 'agent', and the working folder is gone.", remedy: 'Pass an absolute path.' },
    ]);
    t.deepEqual(read('/agent'), { text: '/agent', issues: [] });
  } finally {
    process.cwd = cwd;
  }
});
