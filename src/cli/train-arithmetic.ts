import type { TrainingEvent } from '../metrics/events.js';
import { arithmetic } from '../task/arithmetic/arithmetic.js';
import { Trainer } from '../trainer/trainer.js';
import { explanationLine, type Write } from './explained.js';

/** Options of {@link trainArithmetic}. */
export interface TrainArithmeticOptions {
  /** Seed of everything random. */
  readonly seed: number;
  /** Where to print. */
  readonly write: Write;
  /** Called with every event. */
  readonly progress: (event: TrainingEvent) => void;
  /** Iterations that a stage gets at most; the trainer's default where absent. */
  readonly maxIterations?: number | undefined;
}

const EXPLAINED = 5;

/**
 * The main job: trains all stages of arithmetic to mastery, explains some problems of each, and says how well the final agent does.
 *
 * @param options - Seed and output.
 * @returns Whether every stage was mastered.
 */
export async function trainArithmetic({ seed, write, progress, maxIterations }: TrainArithmeticOptions): Promise<boolean> {
  await using trainer = await Trainer.create({ task: arithmetic, seed, progress, maxIterations });
  const ids = arithmetic.stages.map((_, id) => id);
  const result = await trainer.run(ids);
  for (const id of ids) {
    write(`\nStage ${id} (${arithmetic.stages[id]})\n`);
    for (const explanation of await trainer.explain(id, EXPLAINED)) {
      write(`${explanationLine(explanation)}\n`);
    }
  }
  write('\nGreedy success on 1000 fresh problems a stage\n');
  for (const { stage, name, successRate, mastered } of result.stages) {
    write(`  Stage ${stage} (${name}): ${(100 * successRate).toFixed(1)} %${mastered ? '' : '  not mastered'}\n`);
  }
  const { iterations, episodes, seconds } = result;
  const speed = Math.round(episodes / seconds).toLocaleString('en-US');
  write(`\n${iterations} iterations, ${episodes.toLocaleString('en-US')} episodes, ${seconds.toFixed(1)} s, ${speed} episodes/s\n`);
  return result.stages.every(({ mastered }) => mastered);
}
