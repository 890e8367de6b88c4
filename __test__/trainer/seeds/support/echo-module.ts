import { threadId } from 'node:worker_threads';
import type { TrainerOptions } from 'innate';
import { echoTask, QUICK } from '../../../support/echo-task.js';

/** What a test asks of each seed. */
const { SEED_MODULE_FAILS: fails, SEED_MODULE_EXITS: exits } = process.env;

export default function optionsOf(seed: number): TrainerOptions {
  if (fails === String(seed)) {
    throw new RangeError(`seed ${seed} in thread ${threadId > 0 ? 'of its own' : 'main'}`);
  }
  if (exits === String(seed)) {
    process.exit(7);
  }
  return { ...QUICK, task: echoTask() };
}
