import test from 'ava';
import { sources } from './helpers.js';

test('a default has a line of its own in the comment', (t) => {
  const inline = [...sources()].flatMap(([name, code]) =>
    code
      .split('\n')
      .filter((line) => line.includes('@defaultValue') && !/^ *\* @defaultValue \S/.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
  t.deepEqual(inline, []);
});
