import test from 'ava';
import type { TrainingEvent } from 'innate';
import { createProgress } from '#dist/metrics/progress.js';
import { at, evaluation, imitated, iteration, stepEvaluation, stepIteration } from './support/events.js';

const EVENTS: TrainingEvent[] = [
  { type: 'stage', ...at, iteration: 0, stageCount: 1, maxIterations: 100 },
  iteration,
  evaluation('progress', 512, 1),
  evaluation('confirmation', 1000, 1),
  { type: 'stage-end', ...at, stageIteration: 25, reason: 'reached' },
  evaluation('final', 1000, 0.995),
];
const LINE = 'Stage 0 | iteration 25 | success 50.0 % | return 0.750 | entropy 1.250 | 12,346 episodes/s';

function written(isTTY: boolean, ci: boolean, columns: number | undefined): string {
  let text = '';
  const output = {
    isTTY,
    columns,
    write: (more: string): void => {
      text += more;
    },
  };
  EVENTS.forEach(createProgress(output, { ci, now: () => 0 }));
  return text;
}

test('a plateau is a line with what usually helps', (t) => {
  let text = '';
  const show = createProgress(
    {
      write: (more) => {
        text += more;
      },
    },
    { ci: false, now: () => 0 },
  );
  show({
    type: 'plateau',
    ...at,
    stageIteration: 400,
    since: 51,
    successRate: 0.5,
    episodeReturnMean: 1,
    causes: ['groups'],
    groups: [],
    message: 'stands.',
    remedy: 'Move.',
  });
  t.is(text, 'Stage 0 (easy) stands. Move.\n');
});

test('plain lines where there is no terminal, and in CI', (t) => {
  const expected = [
    'Stage 0 (easy): at most 100 iterations',
    `${LINE} | greedy 100.0 %`,
    'Stage 0 (easy): target reached after 25 iterations',
    'Final greedy success, stage 0 (easy): 99.5 % of 1000 problems',
    '',
  ].join('\n');
  t.is(written(false, false, 200), expected);
  t.is(written(true, true, 200), expected);
});

test('a line that is rewritten on a terminal, no wider than it', (t) => {
  t.true(written(true, false, 200).includes(`\r\u001b[2K${LINE}\r\u001b[2K${LINE}\n`));
  t.true(written(true, false, 30).includes(`\r\u001b[2K${LINE.slice(0, 29)}\r`));
});

test('a terminal that does not know its width has 80 columns; on one too narrow for a line, lines are plain', (t) => {
  for (const columns of [0, 1, -1, NaN, undefined]) {
    t.true(written(true, false, columns).includes(`\r\u001b[2K${LINE.slice(0, 79)}\r`), String(columns));
  }
  t.is(written(true, false, 19), written(false, false, 200));
});

test('in environments: steps, and returns where nothing says what success is', (t) => {
  const lines: string[] = [];
  let now = 0;
  const show = createProgress({ write: (text) => lines.push(text) }, { ci: true, now: () => now });
  const silent = { ...stepIteration.rollout, successRate: NaN };
  show(stepIteration);
  show(stepIteration);
  now = 10_000;
  show({ ...stepIteration, rollout: silent });
  now = 20_000;
  show({ ...stepIteration, rollout: { ...silent, episodeReturnMean: NaN } });
  show({ type: 'stage-end', ...at, stageIteration: 25, reason: 'steps' });
  show(stepEvaluation('final', 100, 0.5));
  show(stepEvaluation('final', 100, NaN));
  t.deepEqual(lines, [
    'Stage 0 | 51,200 steps | success 50.0 % | return 0.750 | entropy 1.250 | 23,457 steps/s\n',
    'Stage 0 | 51,200 steps | return 0.750 | entropy 1.250 | 23,457 steps/s\n',
    'Stage 0 | 51,200 steps | entropy 1.250 | 23,457 steps/s\n',
    'Stage 0 (easy): done after 25 iterations\n',
    'Final greedy success, stage 0 (easy): 50.0 % of 100 episodes\n',
    'Final greedy return, stage 0 (easy): 0.875, mean of 100 episodes\n',
  ]);
});

test('passes of imitation: a line that is rewritten on a terminal, and one line elsewhere', (t) => {
  const shown = (isTTY: boolean): string => {
    const texts: string[] = [];
    const output = { isTTY, columns: 80, write: (more: string) => texts.push(more) };
    const progress = createProgress(output, { ci: false, now: () => 0 });
    [imitated(1, 3), imitated(2, 3), imitated(3, 3)].forEach(progress);
    return texts.join('');
  };
  const line = (pass: number): string => `Imitation | pass ${pass} of 3 | 1,256 programs | loss 0.5000`;
  t.is(shown(false), `${line(3)}\n`);
  const clear = '\r\u001b[2K';
  t.is(shown(true), `${clear}${line(1)}${clear}${line(2)}${clear}${line(3)}\n`);
});
