import { OptionsError } from '../errors/options-error.js';
import { runCommand, seedFlag } from './run-command.js';
import { runTutorial } from './run-tutorial.js';

await runCommand({ seed: { type: 'string' }, context: { type: 'string', default: 'batch' } }, async ({ seed, context }) => {
  if (context !== 'batch' && context !== 'own') {
    const message = `must be batch or own, got ${String(context)}.`;
    throw new OptionsError([{ path: '--context', message, remedy: 'Pass --context batch or --context own.' }]);
  }
  await runTutorial({
    seed: seedFlag(seed),
    context,
    write: (text) => {
      process.stdout.write(text);
    },
  });
  return 0;
});
