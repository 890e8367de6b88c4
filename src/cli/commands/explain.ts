import { InputError } from '../../errors/input-error.js';
import type { Explanation } from '../../trainer/measure/explain.js';
import type { Command } from '../command.js';
import { explanationLine } from '../explained.js';
import { readCount, readStageList, STAGES_OPTION, stagesOrAll } from '../stages.js';
import { AGENT_OPTIONS, withTrainer } from '../with-trainer.js';

/** `innate explain` */
export const explain: Command = {
  name: 'innate explain',
  does: 'Draws problems of a task, and shows the greedy program of the agent for each. A token in parentheses did nothing; p is the probability of the program.',
  takes: ['FILE'],
  options: { ...AGENT_OPTIONS, stages: STAGES_OPTION, problems: { value: 'n', means: 'problems a stage; 5' } },
  examples: ['innate explain runs/arithmetic --stages 2'],
  run: (input) =>
    withTrainer(input, async ({ trainer, source, file }) => {
      if (!('task' in source.on)) {
        const remedy = 'Use innate evaluate.';
        throw new InputError([{ path: '--environment', message: 'has no problems that could be explained.', remedy }]);
      }
      const problems: Explanation[] = [];
      const count = readCount('--problems', input.text('problems')) ?? 5;
      for (const stage of stagesOrAll(source.on.task, readStageList(input.text('stages')))) {
        const explained = await trainer.explain(stage, count);
        const [first] = explained;
        input.out.say([`Stage ${first?.stage} (${first?.name})`, ...explained.map(explanationLine)].join('\n'));
        problems.push(...explained);
      }
      return { exitCode: 0, document: { file, problems } };
    }),
};
