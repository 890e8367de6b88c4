import test from 'ava';
import { extractBlocks } from '../../tools/check-docs.js';
import { checkSite, contents } from '../../tools/docs.js';
import { folderWith, runTool } from './helpers.js';

test('the contents of the documentation: groups, titles, pages', (t) => {
  const text = [
    '# Documentation',
    'See [this](guide/first.md).',
    '## Start',
    '- [First](guide/first.md): and [more](guide/more.md)',
    '- [Elsewhere](https://example.org/a.md)',
    '## Decisions',
    '- [0001](decisions/0001-biome.md): Biome',
  ].join('\n');
  t.deepEqual(contents(text), [
    { file: 'docs/guide/first.md', title: 'First', group: 'Start' },
    { file: 'docs/decisions/0001-biome.md', title: '0001: Biome formats and lints, and holds the import rule', group: 'Decisions' },
  ]);
});

test('links and images of a site that lead nowhere are found', (t) => {
  const site = folderWith(t, {
    'index.html':
      '<a href="pages/a%20b.html#here">1</a> <a href="pages/a%20b.html#gone">2</a> <a href="https://example.org">3</a> <a href="#top" id="top">4</a>',
    'pages/a b.html': '<h1 id="here">A</h1> <img src="../picture.svg"> <img src="picture.svg"> <a href="../index.html?q">5</a>',
    'picture.svg': '<svg/>',
  });
  const broken = ['index.html: pages/a%20b.html#gone', 'pages/a b.html: picture.svg'];
  t.deepEqual(checkSite(site), { links: 6, broken });
});

test('the extractor of code blocks', (t) => {
  const text = [
    '# A',
    ...['```ts', 'const a = 1;', '```'],
    ...['```sh', '```ts', 'x', '```'],
    ...['1. b', '   ```ts no-run', '   const b = 2;', '   ```'],
    ...['````md', '```ts', 'no', '```', '````'],
  ].join('\n');
  t.deepEqual(extractBlocks('docs/guide/A.md', text), [
    { file: 'docs/guide/A.md', line: 3, name: 'docs-guide-a-3', code: 'const a = 1;', run: true },
    { file: 'docs/guide/A.md', line: 11, name: 'docs-guide-a-11', code: 'const b = 2;', run: false },
  ]);
});

test('a document without a block to run fails the check', (t) => {
  const { code, stderr } = runTool(['check-docs', 'LICENSE']);
  t.is(code, 1);
  t.regex(stderr, /No code block to run/);
});
