import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { findCheckpoint } from '../../trainer/checkpoint/find.js';
import { readTrainerState } from '../../trainer/checkpoint/trainer-state.js';
import type { TrainerOptions } from '../../trainer/course.js';
import { Trainer } from '../../trainer/trainer.js';
import { isRecord } from '../../util/kind.js';
import { readCheckpointFile } from '../checkpoint-file.js';
import type { Command } from '../command.js';
import { listenToInterrupts } from '../interrupts.js';
import { readRecord } from '../run-record.js';
import { progressOf, runTrainer } from '../run-trainer.js';
import { findSource, SOURCE_OPTIONS } from '../source.js';
import { KEEPING_OPTIONS, namingOptions, RUNTIME_OPTIONS, readGiven } from '../train-options.js';

const GIVEN = { ...KEEPING_OPTIONS, ...RUNTIME_OPTIONS };

/** `innate resume` */
export const resume: Command = {
  name: 'innate resume',
  does: 'Goes on with a run that was interrupted, to its end, as it would have gone on. The folder says what it is on, unless an option does.',
  takes: ['FOLDER'],
  options: { ...SOURCE_OPTIONS, ...GIVEN, save: { value: 'file', means: 'saves the agent there in the end, without the run' } },
  examples: ['innate resume runs/arithmetic'],
  run: async (input) => {
    const path = resolve(input.arguments[0] ?? '');
    const { file } = await findCheckpoint(path);
    const folder = (await stat(path)).isDirectory() ? path : dirname(path);
    const { sections } = await readCheckpointFile(file);
    const { setup } = readTrainerState(sections['trainer'], file);
    const source = await findSource(input, { record: await readRecord(folder), taskName: nameOf(setup.madeFor) });
    const given = readGiven(input, GIVEN, {});
    const keeping = given.options['checkpoint'];
    const before = isRecord(setup.options['checkpoint']) ? setup.options['checkpoint'] : {};
    const { reference, progress } = source.config?.options ?? {};
    const options = {
      ...given.options,
      ...source.on,
      ...(reference === undefined ? {} : { reference }),
      ...(isRecord(keeping) ? { checkpoint: { ...before, ...keeping, folder } } : {}),
      progress: progressOf(input.out, progress, folder, source.record),
    };
    const interrupts = listenToInterrupts(() => input.out.note('\nStopping after this iteration; once more stops at once.'));
    try {
      const trainer = await namingOptions(given, source.config, () => Trainer.resume(path, options as TrainerOptions));
      const begin = (): ReturnType<typeof trainer.run> => trainer.run(undefined, { signal: interrupts.signal });
      return await runTrainer({ trainer, begin, stages: setup.stages, folder, interrupts, save: input.text('save') }, input.out);
    } finally {
      interrupts.stop();
    }
  },
};

function nameOf(madeFor: Readonly<Record<string, unknown>>): string | undefined {
  return typeof madeFor['name'] === 'string' ? madeFor['name'] : undefined;
}
