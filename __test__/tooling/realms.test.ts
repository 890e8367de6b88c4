import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from './helpers.js';

test('nothing in src asks for an instance of a class: in Jest, and with two copies of the package, there are two of each', (t) => {
  const folder = join(ROOT, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  t.true(files.length > 50);
  const asking = files.filter((name) => {
    const code = readFileSync(join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    return /\binstanceof\b/.test(code);
  });
  t.deepEqual(asking, []);
});
