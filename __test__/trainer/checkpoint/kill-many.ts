// The full version of kill.test.ts: `node build/__test__/trainer/checkpoint/kill-many.js [kills]`.
import { join } from 'node:path';
import { argv } from 'node:process';
import { Random } from 'innate';
import { inFolder } from '../../support/folder.js';
import { runKilled } from './kills.js';
import type { RunName } from './runs.js';

const kills = Number(argv[2] ?? 100);
const names: readonly RunName[] = [
  'open loop, A2C',
  'open loop, PPO',
  'closed loop, A2C',
  'closed loop, PPO',
  'environments, PPO',
  'environments, A2C',
];
const random = new Random(1);
let [total, within, wrong] = [0, 0, 0];
for (let round = 0; total < kills; round += 1) {
  const name = names[round % names.length] as RunName;
  await inFolder(async (folder) => {
    const whole = await runKilled(name, join(folder, 'whole'), 0, () => 0, 0);
    const killed = await runKilled(name, join(folder, 'killed'), Math.min(kills - total, 20), () => random.float(), 60);
    const same = killed.digest === whole.digest && killed.warnings.length === 0;
    total += killed.kills;
    within += killed.within;
    wrong += same ? 0 : 1;
    console.log(
      `${same ? 'same' : 'DIFFERS'}: ${name}, ${killed.kills} kills, ${killed.within} within a write, begun at ${killed.begins.join(' ')}`,
    );
    for (const warning of killed.warnings) {
      console.log(warning);
    }
  });
}
console.log(`${total} kills, ${within} within a write, ${wrong} runs that differ`);
process.exitCode = wrong === 0 ? 0 : 1;
