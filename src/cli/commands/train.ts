import { fileURLToPath } from 'node:url';
import type { RunStages, TrainerOptions } from '../../trainer/course.js';
import { Trainer } from '../../trainer/trainer.js';
import { isRecord } from '../../util/kind.js';
import type { Command, Input } from '../command.js';
import { listenToInterrupts } from '../interrupts.js';
import { newFolder } from '../kept.js';
import { progressOf, runTrainer } from '../run-trainer.js';
import { findSource, SOURCE_OPTIONS } from '../source.js';
import { LENGTH_OPTIONS, readStages, STAGES_OPTION } from '../stages.js';
import { namingOptions, readGiven, SET_OPTION, TRAIN_OPTIONS } from '../train-options.js';

/** `innate train` */
export const train: Command = {
  name: 'innate train',
  does: 'Trains an agent on a task or in environments, and keeps the run in a folder, so that it can be resumed. Options go over those of the configuration.',
  takes: [],
  options: {
    ...SOURCE_OPTIONS,
    stages: STAGES_OPTION,
    ...LENGTH_OPTIONS,
    ...TRAIN_OPTIONS,
    set: SET_OPTION,
    save: { value: 'file', means: 'saves the agent there in the end, without the run' },
  },
  examples: ['innate train --task ./my-task.ts', 'innate train --environment cart-pole --steps 100000 --seed 1 --folder runs/cart-pole'],
  run: async (input) => {
    const source = await findSource(input, { configured: true });
    const { task: _, environment: __, stages: configured, ...base } = source.config?.options ?? {};
    const given = readGiven(input, TRAIN_OPTIONS, base);
    const stages = await readStages(input, configured, source);
    const { checkpoint = {}, progress } = given.options;
    const kept = isRecord(checkpoint) ? folderOf(checkpoint['folder']) : undefined;
    const folder = kept ?? newFolder(source.name);
    const options = {
      ...given.options,
      ...source.on,
      progress: progressOf(input.out, progress, folder, source.record),
      checkpoint:
        isRecord(checkpoint) && (kept !== undefined || checkpoint['folder'] === undefined) ? { ...checkpoint, folder } : checkpoint,
    };
    return namingOptions(given, source.config, () => begin(input, options, stages, folder));
  },
};

async function begin(input: Input, options: object, stages: unknown, folder: string): ReturnType<Command['run']> {
  const interrupts = listenToInterrupts(() => input.out.note('\nStopping after this iteration; once more stops at once.'));
  try {
    const trainer = await Trainer.create(options as TrainerOptions);
    const run = (): ReturnType<typeof trainer.run> => trainer.run(stages as RunStages, { signal: interrupts.signal });
    return await runTrainer({ trainer, begin: run, stages, folder, interrupts, save: input.text('save') }, input.out);
  } finally {
    interrupts.stop();
  }
}

/** What is neither, the trainer refuses. */
function folderOf(folder: unknown): string | undefined {
  const href = isRecord(folder) ? folder['href'] : undefined;
  if (typeof href === 'string' && href.startsWith('file:')) {
    return fileURLToPath(href);
  }
  return typeof folder === 'string' && folder !== '' ? folder : undefined;
}
