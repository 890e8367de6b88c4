import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgress } from '../../metrics/progress.js';
import type { Command } from '../command.js';
import { runCommand } from '../run-command.js';
import { readSeed, SEED } from '../values.js';
import { trainArithmetic } from './train-arithmetic.js';

const start: Command = {
  name: 'npm start --',
  does: 'Trains the default task, arithmetic, through its three stages, explains some problems and saves the agent.',
  takes: [],
  options: { seed: SEED },
  examples: [],
  run: async (input) => {
    const options = { seed: readSeed(input.text('seed')), progress: input.out.plain ? createProgress(process.stdout) : () => undefined };
    const folder = fileURLToPath(new URL('../../../build/', import.meta.url));
    await mkdir(folder, { recursive: true });
    const file = relative('', `${folder}arithmetic.safetensors`);
    const mastered = await trainArithmetic({ ...options, file, write: input.out.say });
    return { exitCode: mastered ? 0 : 1, document: { mastered, file } };
  },
};

await runCommand(start, process.argv.slice(2));
