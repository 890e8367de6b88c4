import test from 'ava';
import { arithmetic, solvingPrograms, type Task } from 'innate';
import { echoTask } from '../../support/echo-task.js';
import { fails } from '../../support/failure.js';
import { drawers } from '../../trainer/support/drawers.js';
import { lock, openingOf } from '../../trainer/support/lock.js';

test('each program solves its problem, is typed, and is the same for the same seed', (t) => {
  const programs = solvingPrograms(arithmetic, { problems: 20, stages: [1] });
  t.is(programs.length, 20);
  for (const { problem, stage, tokens, calls } of programs) {
    t.true(arithmetic.trace(problem, stage, tokens).success);
    t.deepEqual(arithmetic.program(...calls).subarray(0, tokens.length), tokens);
  }
  const all = solvingPrograms(arithmetic, { problems: 5, seed: 3 });
  t.is(all.length, 5 * arithmetic.stages.length);
  t.deepEqual(solvingPrograms(arithmetic, { problems: 5, seed: 3 }), all);
  t.notDeepEqual(solvingPrograms(arithmetic, { problems: 5, seed: 4 }), all);
});

test('programs of a lock are its code; of a task that answers, calls that apply', (t) => {
  for (const { problem, tokens } of solvingPrograms(lock, { problems: 8 })) {
    t.deepEqual(tokens, openingOf(problem));
  }
  const task = drawers(true);
  for (const { problem, calls } of solvingPrograms(task, { problems: 8 })) {
    t.deepEqual(calls, ['LOOK', ['LEFT', 'MIDDLE', 'RIGHT'][problem] as never]);
  }
});

test('what cannot be searched is refused, and what is not found is left out', async (t) => {
  await fails(t, () => solvingPrograms(echoTask() as never), { code: 'ERR_TASK', path: 'task.machine' });
  await fails(t, () => solvingPrograms(lock, { problems: 0 }), { code: 'ERR_OPTIONS', path: 'problems' });
  await fails(t, () => solvingPrograms(lock, { stages: ['open' as 'closed'] }), { code: 'ERR_OPTIONS', path: 'stages' });
  await fails(t, () => solvingPrograms(lock, { stages: [] }), { code: 'ERR_OPTIONS', path: 'stages' });
  t.deepEqual(solvingPrograms(lock, { problems: 3, maxStates: 2 }), []);
  t.is((lock as unknown as Task).name, 'lock');
});
