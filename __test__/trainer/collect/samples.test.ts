import test from 'ava';
import { Random } from 'innate';
import { promptsOf } from '#dist/task/checked.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import { groupsOf, repeatPrompts, SampledEpisodes, sliceScores } from '#dist/trainer/collect/samples.js';
import { makeScores } from '#dist/trainer/collect/scores.js';
import { echoTask } from '../../support/echo-task.js';
import { drawers } from '../support/drawers.js';

test('a sample of each problem stands after the other, and groups are of one problem each', (t) => {
  const task = echoTask();
  const batch = task.sample(Int32Array.of(0, 1, 1), new Random(1, 9));
  const { contexts, stages } = repeatPrompts(promptsOf(task, batch), 4, task);
  t.is(stages.length, 12);
  const groups = groupsOf(12, 4);
  for (const [row, group] of groups.entries()) {
    t.is(contexts[row], batch.contexts[group]);
    t.is(stages[row], batch.stages[group]);
    t.is(groups.filter((other) => other === group).length, 4);
  }
  const scores = makeScores(12);
  for (const [k, { returns }] of sliceScores(scores, 4).entries()) {
    returns.set([k, k + 0.5, -k]);
  }
  t.deepEqual([...scores.returns], [0, 0.5, -0, 1, 1.5, -1, 2, 2.5, -2, 3, 3.5, -3]);
});

test('several programs a problem are stepped apart, and scored as they would be alone', (t) => {
  const task = drawers(true);
  const batch = task.sample(new Int32Array(3), new Random(2, 9));
  const [look, left, middle] = [task.token('LOOK'), task.token('LEFT'), task.token('MIDDLE')];
  const programs = [
    [look, left],
    [look, look, middle],
  ];
  const together = new SampledEpisodes(programs.map(() => checkedBegin(task, batch)));
  const alone = programs.map(() => checkedBegin(task, batch));
  for (let step = 0; step < 3; step += 1) {
    const actions = programs.map((program) => new Int32Array(3).fill(program[step] ?? look));
    together.step(Int32Array.from(actions.flatMap((each) => [...each])));
    alone.forEach((episodes, k) => {
      if (episodes.ended.includes(0)) {
        episodes.step(actions[k] ?? new Int32Array(3));
      } else {
        episodes.rewards.fill(0);
      }
    });
    for (const name of ['heard', 'allowed', 'rewards', 'ended', 'truncated'] as const) {
      t.deepEqual(
        [...(together[name] ?? [])],
        alone.flatMap((episodes) => [...(episodes[name] ?? [])]),
        `${name} after ${step}`,
      );
    }
  }
  const [all, first, second] = [makeScores(6), makeScores(3), makeScores(3)];
  together.score(all);
  alone[0]?.score(first);
  alone[1]?.score(second);
  t.deepEqual([...all.returns], [...first.returns, ...second.returns]);
  t.deepEqual([...all.lengths], [...first.lengths, ...second.lengths]);
});
