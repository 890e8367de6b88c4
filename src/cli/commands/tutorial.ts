import type { Command } from '../command.js';
import { runTutorial } from '../run-tutorial.js';
import { readChoice, readSeed, SEED } from '../values.js';

/** `innate tutorial` */
export const tutorial: Command = {
  name: 'innate tutorial',
  does: 'Trains the published tutorial to the letter, mistakes included.',
  takes: [],
  options: {
    seed: SEED,
    context: {
      value: 'batch|own',
      means: 'batch, the default: all problems of a batch see their mean, as in the tutorial; own: each its own',
    },
  },
  examples: [],
  run: async (input) => {
    const stages = await runTutorial({
      seed: readSeed(input.text('seed')),
      context: readChoice('--context', input.text('context'), ['batch', 'own']),
      write: input.out.say,
    });
    return { exitCode: 0, document: { stages } };
  },
};
