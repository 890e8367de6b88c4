import { tutorial } from '../builtin/tutorial/tutorial.js';
import type { StageEvaluation } from '../trainer/measure/evaluate.js';
import { Trainer } from '../trainer/trainer.js';
import type { Write } from './explained.js';

/** Options of {@link runTutorial}. */
export interface RunTutorialOptions {
  /** Seed of everything random. */
  readonly seed: number;
  /** `batch`: the tutorial's broadcasting; `own`: each problem sees its own context. */
  readonly context: 'batch' | 'own';
  /** Where to print. */
  readonly write: Write;
}

const INTRODUCTION = `\
The published tutorial to the letter, its mistakes included: zeros below are what it comes to, and no fault of this run.
Its "accuracy" and "Eval" are mean reward, up to 1.36. Its code pays for a*b where its text asks for a*b + c, and likewise in each stage,
and its 60 iterations teach neither. Each defect, with its test: docs/guide/tutorial.md. npm start trains the task that its text promises.

`;

/**
 * The tutorial to the letter: its machine, network, loss and schedule, and its printed lines, after a word on why they look as they do.
 *
 * @param options - Seed, pooling and output.
 * @returns What the trained agent reaches.
 */
export async function runTutorial({ seed, context, write }: RunTutorialOptions): Promise<readonly StageEvaluation[]> {
  const task = tutorial.task({ context });
  const { settings, schedule } = tutorial;
  write(INTRODUCTION);
  const { batchSize, hiddenSize } = settings;
  await using trainer = await Trainer.create({
    task,
    seed,
    batchSize,
    hiddenSize,
    rehearsal: 0,
    progress: false,
  });
  // While the loop's body runs, training waits: the evaluation is of the agent as this iteration left it.
  for await (const event of trainer.run(schedule)) {
    if (event.type === 'iteration' && event.iteration % settings.evaluateEvery === 0) {
      const evaluations = await trainer.evaluate({ problems: settings.evaluationProblems });
      const evals = evaluations.map(({ meanReturn }, stage) => `T${stage}: ${meanReturn.toFixed(3)}`).join(' | ');
      write(
        `Epoch ${String(event.iteration).padStart(2, '0')} | Stage ${event.stage} | ` +
          `Training Accuracy: ${event.rollout.episodeReturnMean.toFixed(3)} | Eval ${evals} | Loss: ${event.train.loss.toFixed(3)}\n`,
      );
    }
  }
  for (const stage of task.stages.keys()) {
    write('\n');
    for (const explanation of await trainer.explain(stage, settings.explainedProblems)) {
      const { context: shown, target, tokens, episodeReturn } = explanation;
      write(
        `Stage ${stage} | Context: ${shown} | Target: ${target} | Actions: ${tokens.join(' ')} | Reward: ${episodeReturn.toFixed(2)}\n`,
      );
    }
  }
  write('\n');
  const final = await trainer.evaluate({ problems: settings.finalProblems });
  for (const { stage, meanReturn, problems } of final) {
    write(`Stage ${stage} | Mean greedy reward on ${problems} problems: ${meanReturn.toFixed(3)}\n`);
  }
  return final;
}
