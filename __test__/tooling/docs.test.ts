import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runNode } from './helpers.js';

function evaluate(source: string): unknown {
  return JSON.parse(runNode(['--input-type=module', '--eval', source]).stdout);
}

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
  const source = `import { contents } from './tools/lib/contents.mjs'; console.log(JSON.stringify(contents(${JSON.stringify(text)})));`;
  t.deepEqual(evaluate(source), [
    { file: 'docs/guide/first.md', title: 'First', group: 'Start' },
    { file: 'docs/decisions/0001-biome.md', title: '0001: Biome formats and lints, and holds the import rule', group: 'Decisions' },
  ]);
});

test('links and images of a site that lead nowhere are found', (t) => {
  const site = mkdtempSync(join(tmpdir(), 'innate-site-'));
  t.teardown(() => rmSync(site, { recursive: true }));
  mkdirSync(join(site, 'pages'));
  writeFileSync(
    join(site, 'index.html'),
    '<a href="pages/a%20b.html#here">1</a> <a href="pages/a%20b.html#gone">2</a> <a href="https://example.org">3</a> <a href="#top" id="top">4</a>',
  );
  writeFileSync(
    join(site, 'pages/a b.html'),
    '<h1 id="here">A</h1> <img src="../picture.svg"> <img src="picture.svg"> <a href="../index.html?q">5</a>',
  );
  writeFileSync(join(site, 'picture.svg'), '<svg/>');
  const source = `import { checkSite } from './tools/docs.mjs'; console.log(JSON.stringify(checkSite(${JSON.stringify(site)})));`;
  t.deepEqual(evaluate(source), { links: 6, broken: ['index.html: pages/a%20b.html#gone', 'pages/a b.html: picture.svg'] });
});
