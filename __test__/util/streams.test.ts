import test from 'ava';
import { checkTask, defineTask, Trainer } from 'innate';

test('training, evaluation, evaluate(), explain(), diagnose() and each stage of checkTask draw their problems from streams of their own', async (t) => {
  const starts: string[] = [];
  const task = defineTask({
    name: 'watched',
    stages: ['one', 'two', 'three', 'four', 'five'],
    horizon: 1,
    symbols: ['a', 'b'],
    sample: (random) => {
      starts.push(String(random.getState()));
      return random.int(2);
    },
    encode: (problem) => [problem],
    start: () => null,
    tools: { END: { ends: true } },
    success: () => true,
  });
  checkTask(task, { seed: 3, problems: 40, samples: 40 });
  await using trainer = await Trainer.create({ task, seed: 3, batchSize: 40, hiddenSize: 8, evaluationProblems: 40, progress: false });
  const before = starts.length;
  await trainer.run([{ stage: 0, iterations: 25 }]);
  await trainer.evaluate({ stage: 0, problems: 40 });
  await trainer.evaluate({ stage: 0, problems: 40, samples: 2, split: 'train' });
  await trainer.explain(0, 40);
  await trainer.diagnose({ stage: 0, problems: 40 });
  // 25 batches of 40, evaluations of 40 and 1000, twice 40 on demand, 40 explained, 40 diagnosed and 40 looked through.
  t.is(starts.length - before, 25 * 40 + 40 + 1000 + 80 + 40 + 80);
  t.is(new Set(starts).size, starts.length, 'no state is drawn from twice');
});
