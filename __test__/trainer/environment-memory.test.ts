import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const CHILD = fileURLToPath(new URL('../support/environment-memory-child.js', import.meta.url));

/** Memory after an iteration and a garbage collection, bytes. */
interface Look {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

test('memory is flat over 3,000 iterations in environments', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=1', '--expose-gc', CHILD, '3000']);
  const looks = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Look);
  const [first, last] = [looks[0], looks.at(-1)];
  const growth = (of: (look: Look) => number): number => (last === undefined || first === undefined ? NaN : (of(last) - of(first)) / 1e6);
  const held = growth(({ heapUsed, external }) => heapUsed + external);
  const resident = growth(({ rss }) => rss);
  t.log(`iteration 300 to 3000: ${held.toFixed(3)} MB more in V8's heap and outside, ${resident.toFixed(2)} MB resident`);
  t.is(looks.length, 10);
  t.true(held < 0.5);
  // 2,700 iterations that each leave 2 KB would be 5 MB.
  t.true(resident < 4);
});
