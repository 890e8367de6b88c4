import { readFileSync } from 'node:fs';
import test from 'ava';
import { tutorial } from '#dist/builtin/tutorial/tutorial.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { TaskError } from '#dist/errors/task-error.js';
import { Random } from '#dist/util/random.js';
import { scoreAll } from '../define/support/tasks.js';

interface Line {
  readonly stage: number;
  readonly operands: readonly number[];
  readonly context: readonly number[];
  readonly sampled_target: number;
  readonly actions: readonly number[];
  readonly reward: number;
  readonly steps: number;
}

const lines = readFileSync('__test__/golden/tutorial/tutorial_rewards.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const task = tutorial.task();

test('scores all 3000 programs as the tutorial does', (t) => {
  t.is(lines.length, 3000);
  for (const { stage, operands, actions, reward, steps } of lines) {
    const score = tutorial.score(stage, operands, actions);
    if (Math.abs(score.reward - reward) > 1e-12 || score.steps !== steps) {
      t.deepEqual(score, { reward, steps }, JSON.stringify({ stage, operands, actions }));
    }
  }
  t.pass();
});

test('shows the contexts and states the targets of the tutorial', (t) => {
  for (const { stage, operands, context, sampled_target } of lines) {
    const batch = task.encode([{ operands }], stage);
    t.deepEqual([...batch.contexts], [...context, 10]);
    t.deepEqual(task.describe(batch, 0), { context: `${context.join(' ')} [CTX]`, target: String(sampled_target) });
  }
});

test('scores its first six tokens in a batch as one by one', (t) => {
  for (const stage of [0, 1, 2]) {
    const group = lines.filter((line) => line.stage === stage);
    const batch = task.encode(group, stage);
    const actions = new Int32Array(group.length * 6).fill(task.padToken);
    for (const [index, line] of group.entries()) {
      actions.set(line.actions.slice(0, 6), index * 6);
    }
    const { returns } = scoreAll(task, batch, actions);
    t.deepEqual(
      returns,
      group.map((line) => Math.fround(tutorial.score(stage, line.operands, line.actions.slice(0, 6)).reward)),
    );
  }
});

test('has the vocabulary of 18 tokens, and all may be emitted', (t) => {
  t.is(task.vocabulary.join(' '), '0 1 2 3 4 5 6 7 8 9 [CTX] [MUL] [ADD] [SUB] [ANS] [STO] [RCL] [EOS]');
  t.is(task.startToken, 10);
  t.is(task.actionMask, undefined);
  t.is(task.horizon, 6);
});

test('pads nothing in a batch of one stage, and with [EOS] in a mixed one', (t) => {
  for (const stage of [0, 1, 2]) {
    const batch = task.sample(new Int32Array(5).fill(stage), new Random(1));
    t.is(batch.contextLength, 4 + stage);
    t.false(batch.contexts.includes(17));
  }
  const mixed = task.sample(Int32Array.of(0, 2), new Random(1));
  t.is(mixed.contextLength, 6);
  t.deepEqual([...mixed.contexts.subarray(3, 6)], [10, 17, 17]);
});

test('has the schedule of 60 iterations', (t) => {
  t.deepEqual(
    tutorial.schedule.map(({ stage }) => stage),
    [0, 0, 0, 1, 1, 2],
  );
  t.is(
    tutorial.schedule.reduce((sum, { iterations }) => sum + iterations, 0),
    60,
  );
});

test('refuses an unknown stage, too few operands and an unknown context', (t) => {
  t.throws(() => tutorial.score(3, [1, 2, 3, 4, 5], []), { instanceOf: TaskError, code: 'ERR_TASK' });
  t.throws(() => tutorial.score(0, [1, 2, 3], []), { instanceOf: TaskError, message: /^operands: has 3/ });
  // @ts-expect-error -- no such context
  t.throws(() => tutorial.task({ context: 'both' }), { instanceOf: OptionsError, message: /^context/ });
});

test('defect 1: the scored target is one goal short of the stated one, in every stage', (t) => {
  const operands = [3, 4, 5, 6, 2];
  const earned = (stage: number, ...tools: ('MUL' | 'ADD' | 'SUB' | 'ANS')[]) => {
    const { episodeReturn, success } = task.trace({ operands }, stage, task.program(...tools));
    return { correct: episodeReturn >= 1, success };
  };
  t.deepEqual(earned(0, 'MUL', 'ANS'), { correct: true, success: false });
  t.deepEqual(earned(0, 'MUL', 'ADD', 'ANS'), { correct: false, success: true });
  t.deepEqual(earned(1, 'MUL', 'ADD', 'ANS'), { correct: true, success: false });
  t.deepEqual(earned(1, 'MUL', 'ADD', 'SUB', 'ANS'), { correct: false, success: true });
  t.deepEqual(earned(2, 'MUL', 'ADD', 'SUB', 'ANS'), { correct: true, success: false });
  const report = checkTask(task);
  for (const stage of report.stages) {
    t.true(stage.misalignedFraction > 0.4, stage.stage);
  }
  t.true(report.findings.some(({ code }) => code === 'misaligned-reward'));
});

test("defect 2: the last stage's stated target cannot be reached with its tools", (t) => {
  const report = checkTask(task);
  t.deepEqual(
    report.stages.map(({ reachable }) => reachable),
    [true, true, false],
  );
  t.false(report.solvable);
  t.true(report.complete, 'every program was searched');
  t.true(report.findings.some(({ code, stage, severity }) => code === 'unreachable' && stage === 'T2' && severity === 'error'));
  t.true((report.stages[2]?.constantProgram?.successRate ?? 1) < 0.3, 'what is reached is reached by luck');
  t.deepEqual(report.stages[0]?.shortestProgram, { tools: ['MUL', 'ADD', 'ANS'], constant: true });
  t.deepEqual(report.stages[1]?.shortestProgram, { tools: ['MUL', 'ADD', 'SUB', 'ANS'], constant: true });
});

test('defect 3: the context is the mean over the batch, unless each problem is to see its own', (t) => {
  t.is(tutorial.task().pooling, 'batch');
  t.is(tutorial.task({ context: 'own' }).pooling, 'own');
});

test('defect 4: the best program is the same for every problem of a stage, and order is not needed to find it', (t) => {
  const report = checkTask(task);
  t.deepEqual(
    report.stages.map(({ bestPaidProgram }) => bestPaidProgram?.tools),
    [
      ['MUL', 'ANS'],
      ['MUL', 'ADD', 'ANS'],
      ['MUL', 'ADD', 'SUB', 'ANS'],
    ],
  );
  // It is right by the code's own reckoning for every problem, so that nothing has to be read.
  for (const { bestPaidProgram } of report.stages) {
    t.true((bestPaidProgram?.meanReturn ?? 0) > 1);
  }
});
