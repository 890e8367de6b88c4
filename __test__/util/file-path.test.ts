import { sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { readFilePath } from '#dist/util/file-path.js';

type Problems = Parameters<typeof readFilePath>[1];

function read(path: unknown): { text: string; problems: Problems } {
  const problems: Problems = [];
  return { text: readFilePath(path, problems), problems };
}

const posix = sep === '/' ? test : test.skip;
const REMEDY = "Pass the path of a file as a string, or a file: URL such as new URL('agent.safetensors', import.meta.url).";

posix('an absolute path stays as it is, a relative one counts from the working folder', (t) => {
  t.deepEqual(read('/a/../b/./agent'), { text: '/a/../b/./agent', problems: [] });
  t.deepEqual(read('a/../agent'), { text: `${process.cwd()}/a/../agent`, problems: [] });
  t.deepEqual(read('agent'), { text: `${process.cwd()}/agent`, problems: [] });
  t.deepEqual(read('..agent'), { text: `${process.cwd()}/..agent`, problems: [] });
  t.deepEqual(read('.a'), { text: `${process.cwd()}/.a`, problems: [] });
  t.deepEqual(read(pathToFileURL('/a b/agent')), { text: '/a b/agent', problems: [] });
  t.deepEqual(read({ href: 'file:///x/y' }), { text: '/x/y', problems: [] });
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
    t.deepEqual(read(path), { text: '', problems: [{ path: 'path', message, remedy: REMEDY }] });
  });
}

posix('says what is wrong with a URL, and when the working folder is gone', (t) => {
  const [problem] = read(new URL('https://host/x')).problems;
  t.regex(problem?.message ?? '', /^must be the URL of a file, got 'https:\/\/host\/x': .*file.*\.$/);
  t.is(problem?.remedy, REMEDY);
  t.true(read(new URL('file://host/x')).problems[0]?.message.startsWith("must be the URL of a file, got 'file://host/x': "));
  const { cwd } = process;
  process.cwd = () => {
    throw new Error('ENOENT');
  };
  try {
    t.deepEqual(read('agent').problems, [
      { path: 'path', message: "is relative, got 'agent', and the working folder is gone.", remedy: 'Pass an absolute path.' },
    ]);
    t.deepEqual(read('/agent'), { text: '/agent', problems: [] });
  } finally {
    process.cwd = cwd;
  }
});
