import { createProgress } from '../metrics/progress.js';
import { runCommand, seedFlag } from './run-command.js';
import { trainArithmetic } from './train-arithmetic.js';

await runCommand({ seed: { type: 'string' } }, async ({ seed }) => {
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  const mastered = await trainArithmetic({ seed: seedFlag(seed), write, progress: createProgress(process.stdout) });
  return mastered ? 0 : 1;
});
