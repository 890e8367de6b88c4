import type { EnvironmentEvaluation, StageEvaluation } from '../../trainer/measure/evaluate.js';
import { percent } from '../../util/percent.js';
import type { Command } from '../command.js';
import { readCount, readStageList, STAGES_OPTION } from '../stages.js';
import { namingOptions } from '../train-options.js';
import { AGENT_OPTIONS, withTrainer } from '../with-trainer.js';

const TYPED = new Map(['stages', 'problems', 'episodes', 'samples', 'split'].map((name) => [name, `--${name}`]));

/** `innate evaluate` */
export const evaluate: Command = {
  name: 'innate evaluate',
  does: 'Measures a trained agent by greedy programs on fresh problems, or in fresh greedy episodes.',
  takes: ['FILE'],
  options: {
    ...AGENT_OPTIONS,
    stages: STAGES_OPTION,
    problems: { value: 'n', means: 'problems a stage; 1000' },
    episodes: { value: 'n', means: 'episodes a stage, in environments; 100' },
    samples: { value: 'n', means: 'programs sampled for each problem besides, for pass@k; 0' },
    split: { value: 'name', means: 'test or train, for a task that holds problems out; test' },
  },
  examples: ['innate evaluate runs/arithmetic', 'innate evaluate agent.safetensors --task ./my-task.ts --json'],
  run: (input) =>
    withTrainer(input, async ({ trainer, file }) => {
      const count = (name: string): number | undefined => readCount(`--${name}`, input.text(name));
      const entries = {
        stages: readStageList(input.text('stages')),
        problems: count('problems'),
        episodes: count('episodes'),
        samples: count('samples'),
        split: input.text('split'),
      };
      const options = Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
      const stages = await namingOptions({ typed: TYPED }, undefined, () => trainer.evaluate(options));
      input.out.say(stages.map(evaluationLine).join('\n'));
      return { exitCode: 0, document: { file, stages } };
    }),
};

function evaluationLine(evaluation: StageEvaluation | EnvironmentEvaluation): string {
  const { stage, name, successRate, meanReturn } = evaluation;
  const over = 'problems' in evaluation ? `${evaluation.problems} problems` : `${evaluation.episodes} episodes`;
  const success = Number.isNaN(successRate) ? '' : `success ${percent(successRate)}, `;
  const sampled =
    'sampled' in evaluation ? evaluation.sampled?.passAt.map(({ k, successRate: rate }) => `, pass@${k} ${percent(rate)}`) : undefined;
  return `Stage ${stage} (${name}): ${success}return ${meanReturn.toFixed(3)}, ${over}${sampled?.join('') ?? ''}`;
}
