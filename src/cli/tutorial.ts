import { readChoice, readSeed, runCommand, SEED } from './run-command.js';
import { runTutorial } from './run-tutorial.js';

const command = {
  name: 'npm run tutorial',
  does: 'Trains the published tutorial to the letter, mistakes included.',
  options: {
    seed: SEED,
    context: {
      value: 'batch|own',
      means: 'batch, the default: all problems of a batch see their mean, as in the tutorial; own: each its own',
    },
  },
};

await runCommand(command, async ({ seed, context }) => {
  await runTutorial({
    seed: readSeed(seed),
    context: readChoice('--context', context, ['batch', 'own']),
    write: (text) => {
      process.stdout.write(text);
    },
  });
  return 0;
});
