import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgress } from '../metrics/progress.js';
import { readSeed, runCommand, SEED } from './run-command.js';
import { trainArithmetic } from './train-arithmetic.js';

const command = {
  name: 'npm start',
  does: 'Trains the default task, arithmetic, through its three stages, explains some problems and saves the agent.',
  options: { seed: SEED },
};

await runCommand(command, async ({ seed }) => {
  const options = { seed: readSeed(seed), progress: createProgress(process.stdout) };
  const folder = fileURLToPath(new URL('../../build/', import.meta.url));
  await mkdir(folder, { recursive: true });
  const mastered = await trainArithmetic({
    ...options,
    file: relative('', `${folder}arithmetic.safetensors`),
    write: (text) => {
      process.stdout.write(text);
    },
  });
  return mastered ? 0 : 1;
});
