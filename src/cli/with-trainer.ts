import { Agent } from '../agent/agent.js';
import type { TrainerOptions } from '../trainer/course.js';
import { Trainer } from '../trainer/trainer.js';
import type { Input, OptionSpec, Outcome } from './command.js';
import { namedFile, shownPath } from './kept.js';
import { findSource, SOURCE_OPTIONS, type Source } from './source.js';
import { namingOptions, RUNTIME_OPTIONS, readGiven } from './train-options.js';

/** A trained agent with what it was trained on. */
export interface Opened {
  readonly trainer: Trainer;
  readonly source: Source;
  /** The agent's file, as people type it. */
  readonly file: string;
}

const SEED = { seed: { key: 'seed', value: 'n', means: 'of the problems or episodes that are drawn; 0', number: true } } as const;

/** Options of a command that measures an agent. */
export const AGENT_OPTIONS: Readonly<Record<string, OptionSpec>> = { ...SOURCE_OPTIONS, ...SEED, ...RUNTIME_OPTIONS };

/**
 * Loads the agent that was named, with a trainer to measure it by.
 *
 * @param input - What was typed; its first word is the file, or the folder of a run.
 * @param work - Measures; after it all is closed.
 * @returns What it returned.
 */
export async function withTrainer(input: Input, work: (opened: Opened) => Promise<Outcome>): Promise<Outcome> {
  const { file, record } = await namedFile(input.arguments[0] ?? '', input.out);
  const runtime = readGiven(input, RUNTIME_OPTIONS, {});
  const agent = await namingOptions(runtime, undefined, () => Agent.load(file, runtime.options));
  try {
    const source = await findSource(input, { record, taskName: agent.info.taskName });
    const given = readGiven(input, SEED, {});
    const options = { ...given.options, ...source.on, agent, progress: false };
    const trainer = await namingOptions(given, source.config, () => Trainer.create(options as TrainerOptions));
    try {
      return await work({ trainer, source, file: shownPath(file) });
    } finally {
      await trainer.close();
    }
  } finally {
    await agent.close();
  }
}
