import { arithmetic } from '../../builtin/arithmetic/arithmetic.js';
import type { TrainingEvent } from '../../metrics/events.js';
import { Trainer } from '../../trainer/trainer.js';
import { explanationLine, type Write } from '../explained.js';

/** Options of {@link trainArithmetic}. */
export interface TrainArithmeticOptions {
  /** Seed of everything random. */
  readonly seed: number;
  /** Where the agent is saved. */
  readonly file: string;
  /** Where to print. */
  readonly write: Write;
  /** Called with every event of training; the final success is printed after the explanations instead. */
  readonly progress: (event: TrainingEvent) => void;
  /** Iterations that a stage gets at most; the trainer's default where absent. */
  readonly maxIterations?: number | undefined;
}

const EXPLAINED = 5;

const TRAINING = `\
success   share of the batch's programs that are right, their tokens drawn by the agent's probabilities
return    their mean reward: 1 for a right program, and up to 0.9 for steps on the way
entropy   how undecided the agent is about a token, in nats
greedy    success on fresh problems when the most probable token is always taken; 99 % ends a stage

`;

const EXPLANATIONS = `
Problems explained: what the agent saw, what is due, its program (a tool in parentheses did nothing), and p, the probability of that program
`;

const NEXT = `\
Next: use it in a program, docs/guide/using-an-agent.md; give an agent tools of your own, docs/guide/own-tools.md;
or train one that has to read its problems: npm run example -- refund-desk
`;

/**
 * The main job: trains all stages of arithmetic to mastery, explains some problems of each, says how well the final agent does, and saves it.
 *
 * @param options - Seed, file and output.
 * @returns Whether every stage was mastered.
 */
export async function trainArithmetic({ seed, file, write, progress, maxIterations }: TrainArithmeticOptions): Promise<boolean> {
  await using trainer = await Trainer.create({
    task: arithmetic,
    seed,
    maxIterations,
    progress: (event) => {
      if (!(event.type === 'evaluation' && event.purpose === 'final')) {
        progress(event);
      }
    },
  });
  const ids = arithmetic.stages.map((_, id) => id);
  write(TRAINING);
  const result = await trainer.run(ids);
  write(EXPLANATIONS);
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
  await trainer.agent.save(file);
  write(`\nSaved the agent to ${file}\n${NEXT}`);
  return result.stages.every(({ mastered }) => mastered);
}
