import { readFileSync } from 'node:fs';
import test from 'ava';
import { knownScores } from '#dist/builtin/known-scores.js';

test('the page has the known scores, in their order, rounded to three places', (t) => {
  const page = readFileSync('docs/guide/built-in-environments.md', 'utf8');
  const table = page.slice(page.indexOf('\n## Known scores'), page.indexOf('\n## Are they'));
  const rows = Array.from(table.matchAll(/^\| (\w[^|]*) \|(.*)\|$/gm), ([, name = '', rest = '']) => [
    name,
    ...rest
      .split('|')
      .slice(0, 4)
      .map((cell) => cell.trim()),
  ]);
  const shown = (value: number | undefined): string => (value === undefined ? '' : String(Number(value.toFixed(3))));
  t.deepEqual(
    rows.slice(1),
    Object.values(knownScores).map(({ name, published, random, best, needsMemory }) => [
      name,
      shown(published),
      shown(random),
      shown(best),
      needsMemory ? 'yes' : 'no',
    ]),
  );
});
