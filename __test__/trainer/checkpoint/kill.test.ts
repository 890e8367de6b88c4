import { join } from 'node:path';
import test from 'ava';
import { Random } from 'innate';
import { inFolder } from '../../support/folder.js';
import { runKilled } from './kills.js';

const random = new Random(5);

// `node build/__test__/trainer/checkpoint/kill-many.js` kills a hundred times, and more kinds of runs.
for (const name of ['closed loop, PPO', 'environments, PPO'] as const) {
  test.serial(`${name}: killed at random moments, it comes to what it would have come to`, async (t) => {
    t.timeout(300_000);
    await inFolder(async (folder) => {
      const whole = await runKilled(name, join(folder, 'whole'), 0, () => 0, 0);
      const killed = await runKilled(name, join(folder, 'killed'), 3, () => random.float(), 60);
      t.is(killed.digest, whole.digest);
      t.is(killed.iterations, whole.iterations);
      t.deepEqual(killed.warnings, []);
      t.log(`${killed.kills} kills, begun at ${killed.begins.join(' ')}`);
    });
  });
}
