import { readdir } from 'node:fs/promises';
import { argv, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStages } from 'innate';
import { digest } from '../../support/weights.js';
import { create, longer, type ResumableRun, RUNS, type RunName, resume } from './runs.js';

// Begins a run, or goes on with it, and at its end says what came of it. Killed at any moment by who started it.
const [, , name, folder = ''] = argv;
const run: ResumableRun = longer(RUNS[name as RunName]);
const names = await readdir(folder).catch(() => []);
const begun = names.some((file) => file.startsWith('checkpoint-'));
const checkpoint = { folder, every: 1, keepLast: 2 };
const say = (text: string): void => void stdout.write(`${text}\n`);
const progress = (event: { readonly type: string; readonly message?: string; readonly of?: number }): Promise<void> | undefined => {
  if (event.type === 'checkpoint') {
    say(`kept ${event.of}`);
  }
  if (event.type === 'warning') {
    say(`warning ${event.message}`);
  }
  // So that there is time to be killed in.
  return event.type === 'iteration' ? sleep(10) : undefined;
};
const trainer = begun ? await resume(run, folder, { progress }) : await create(run, { checkpoint, progress });
say(`ready ${trainer.resumed?.iteration ?? 0}`);
const { agent, iterations } = await (begun ? trainer.run() : trainer.run(run.stages as RunStages));
say(`done ${iterations} ${await digest(agent)}`);
await trainer.close();
