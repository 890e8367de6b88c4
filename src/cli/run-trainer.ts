import { existsSync } from 'node:fs';
import type { TrainingEvent, TrainingKind } from '../metrics/events.js';
import { createProgress } from '../metrics/progress.js';
import { hasPartialResult, type PartialTrainingResult, type TrainingResult } from '../trainer/run/result.js';
import type { TrainingRun } from '../trainer/run/training-run.js';
import type { Trainer } from '../trainer/trainer.js';
import type { Outcome, Output } from './command.js';
import type { Interrupts } from './interrupts.js';
import { keptIn, resumeLine, shownPath } from './kept.js';
import { type RunRecord, writeRecord } from './run-record.js';
import { missedStages } from './stages.js';

/** A trainer, whatever it trains on. */
export type AnyTrainer = Pick<Trainer, 'agent' | 'close'>;

/** A run that is about to begin, or to go on. */
export interface RunPlanned {
  readonly trainer: AnyTrainer;
  /** Begins it. */
  readonly begin: () => TrainingRun<TrainingKind>;
  /** What is trained when, as it was given. */
  readonly stages: unknown;
  /** Where it is kept. */
  readonly folder: string;
  readonly interrupts: Interrupts;
  /** Where the agent is saved besides. */
  readonly save: string | undefined;
}

type Event = TrainingEvent<TrainingKind>;

/**
 * @param out - Where it is shown.
 * @param own - Option `progress` of a configuration.
 * @param folder - Of the run.
 * @param record - What goes into it as soon as the run is the folder's writer.
 * @returns Option `progress` of the trainer.
 */
export function progressOf(out: Output, own: unknown, folder: string, record: RunRecord): (event: Event) => Promise<void> {
  const silent = out.silent || own === false;
  const line = silent ? undefined : createProgress(process.stderr);
  const show = typeof own === 'function' ? (own as (event: Event) => unknown) : line;
  let written = false;
  return async (event) => {
    if (!written) {
      written = true;
      // Without it a run can be resumed all the same, by naming its task.
      await (existsSync(folder) ? writeRecord(folder, record) : undefined)?.catch(() => undefined);
    }
    await show?.(event);
  };
}

/**
 * Carries a run out to its end, or to Ctrl-C, and says what came of it.
 *
 * @param planned - The run.
 * @param out - Where that is said.
 * @returns How it ended.
 */
export async function runTrainer({ trainer, begin, stages, folder, interrupts, save }: RunPlanned, out: Output): Promise<Outcome> {
  try {
    const result = await begin();
    if (save !== undefined) {
      await trainer.agent.save(save);
    }
    await trainer.close();
    return await ended(result, stages, folder, save, out);
  } catch (error) {
    await trainer.close();
    if (interrupts.signal.aborted && hasPartialResult(error) && error.name === 'AbortError') {
      return await interrupted(error.partial, folder, out);
    }
    const kept = await keptIn(folder);
    if (kept !== undefined) {
      out.note(`What was kept before is in ${kept.folder}; to go on from there: ${resumeLine(kept.folder)}`);
    }
    throw error;
  } finally {
    interrupts.stop();
  }
}

async function ended(
  result: TrainingResult<TrainingKind>,
  stages: unknown,
  folder: string,
  save: string | undefined,
  out: Output,
): Promise<Outcome> {
  const { agent: _, stopped: __, ...numbers } = result;
  const missed = missedStages(stages, result.stages);
  const kept = await keptIn(folder);
  const { iterations, episodes, seconds } = result;
  out.say(`${counted(iterations, 'iteration')}, ${counted(episodes, 'episode')}, ${seconds.toFixed(1)} s`);
  for (const { stage, name } of missed) {
    out.say(`Stage ${stage} (${name}) did not reach its target.`);
  }
  if (kept !== undefined) {
    out.say(`Kept in ${kept.checkpoint}`);
  }
  if (save !== undefined) {
    out.say(`Saved the agent to ${shownPath(save)}`);
  }
  const document = {
    interrupted: false,
    reached: missed.length === 0,
    folder: shownPath(folder),
    checkpoint: kept?.checkpoint,
    saved: save,
    ...numbers,
  };
  return { exitCode: missed.length === 0 ? 0 : 1, document };
}

async function interrupted(partial: PartialTrainingResult, folder: string, out: Output): Promise<Outcome> {
  const kept = await keptIn(folder);
  const { iterations, episodes, seconds, stages } = partial;
  const done = `Interrupted after ${counted(iterations, 'iteration')}.`;
  if (kept === undefined) {
    out.note(`${done} Nothing is kept.`);
  } else {
    const after = kept.iteration === undefined || kept.iteration === iterations ? '' : `, after ${counted(kept.iteration, 'iteration')}`;
    out.note(`${done} Kept in ${kept.checkpoint}${after}; to go on: ${resumeLine(kept.folder)}`);
  }
  const resume = kept && resumeLine(kept.folder);
  const document = {
    interrupted: true,
    folder: shownPath(folder),
    checkpoint: kept?.checkpoint,
    resume,
    iterations,
    episodes,
    seconds,
    stages,
  };
  return { exitCode: 130, document };
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
