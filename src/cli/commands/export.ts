import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Agent } from '../../agent/agent.js';
import type { ExportOptions } from '../../export/options.js';
import type { Command } from '../command.js';
import { namedFile, shownPath } from '../kept.js';
import { readCount } from '../stages.js';
import { namingOptions, RUNTIME_OPTIONS, readGiven } from '../train-options.js';

const TYPED = new Map([
  ['form', '--form'],
  ['contextLength', '--context-length'],
  ['deterministic', '--sampled'],
]);

/** `innate export` */
export const exportAgent: Command = {
  name: 'innate export',
  does: 'Writes the policy of an agent as ONNX, for other languages and runtimes.',
  takes: ['FILE', 'OUTPUT'],
  options: {
    form: { value: 'form', means: 'step, encoder or program; step' },
    sampled: { means: 'for --form program: takes uniform random numbers as input, instead of the most probable tokens' },
    'context-length': { value: 'n', means: 'tokens of every context, where the task does not fix it' },
    ...RUNTIME_OPTIONS,
  },
  examples: ['innate export runs/arithmetic arithmetic.onnx --form program'],
  run: async (input) => {
    const [from = '', to = ''] = input.arguments;
    const { file } = await namedFile(from, input.out);
    const runtime = readGiven(input, RUNTIME_OPTIONS, {});
    const agent = await namingOptions(runtime, undefined, () => Agent.load(file, runtime.options));
    try {
      const form = input.text('form');
      const contextLength = readCount('--context-length', input.text('context-length'));
      const sampled = input.text('sampled') !== undefined;
      const options = {
        ...(form === undefined ? {} : { form }),
        ...(contextLength === undefined ? {} : { contextLength }),
        ...(sampled ? { deterministic: false } : {}),
      };
      const output = resolve(to);
      await namingOptions({ typed: TYPED }, undefined, () => agent.export(output, options as ExportOptions));
      const { size } = await stat(output);
      input.out.say(`Wrote ${shownPath(output)}: ${size.toLocaleString('en-US')} bytes`);
      return { exitCode: 0, document: { file: shownPath(file), output: shownPath(output), bytes: size, form: form ?? 'step' } };
    } finally {
      await agent.close();
    }
  },
};
