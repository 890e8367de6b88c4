import test from 'ava';
import { sources } from './helpers.js';

test('nothing in src asks for an instance of a class: in Jest, and with two copies of the package, there are two of each', (t) => {
  const files = [...sources()];
  t.true(files.length > 50);
  const asking = files.filter(([, code]) => /\binstanceof\b/.test(code.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
  t.deepEqual(
    asking.map(([name]) => name),
    [],
  );
});

test('a default has a line of its own in the comment', (t) => {
  const inline = [...sources()].flatMap(([name, code]) =>
    code
      .split('\n')
      .filter((line) => line.includes('@defaultValue') && !/^ *\* @defaultValue \S/.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
  t.deepEqual(inline, []);
});
