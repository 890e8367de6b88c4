import { checkTask, formatTaskCheck } from '../../define/check/check-task.js';
import { checkEnvironment } from '../../environment/check/check-environment.js';
import { formatEnvironmentCheck } from '../../environment/check/report.js';
import type { Command } from '../command.js';
import { findSource, SOURCE_OPTIONS } from '../source.js';
import { namingOptions, readGiven } from '../train-options.js';

const COUNTS = {
  seed: { key: 'seed', value: 'n', means: 'of problems, programs and episodes; 0', number: true },
  problems: { key: 'problems', value: 'n', means: 'problems searched in each stage of a task; 64', number: true },
  episodes: { key: 'episodes', value: 'n', means: 'episodes of random play in each stage of an environment; 200', number: true },
} as const;

/** `innate check` */
export const check: Command = {
  name: 'innate check',
  does: 'Looks, before any training, for what is wrong with a task or an environment, and what is hard to learn in it.',
  takes: [],
  options: { ...SOURCE_OPTIONS, ...COUNTS },
  examples: ['innate check --task ./my-task.ts', 'innate check --environment cart-pole --json'],
  run: async (input) => {
    const { on, config } = await findSource(input, {});
    const given = readGiven(input, COUNTS, {});
    return namingOptions(given, config, async () => {
      if ('task' in on) {
        const report = checkTask(on.task, given.options);
        input.out.say(formatTaskCheck(report));
        return { exitCode: report.solvable && !failed(report.findings) ? 0 : 1, document: { ...report } };
      }
      const report = await checkEnvironment(on.environment, given.options);
      input.out.say(formatEnvironmentCheck(report));
      return { exitCode: report.usable && !failed(report.findings) ? 0 : 1, document: { ...report } };
    });
  },
};

function failed(findings: readonly { readonly severity: string }[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
