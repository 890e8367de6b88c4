import test from 'ava';
import { Diagnosis, defineTask, InputError, OptionsError, type PlateauEvent, Trainer, type TrainingEvent } from 'innate';
import { createNamed } from '../../define/support/held-out.js';
import { CountingEnvironment } from '../support/scripted-environment.js';

const SMALL = { hiddenSize: 16, batchSize: 32, threads: 1, evaluationProblems: 64, learningRate: 1e-2 } as const;

/** Says a number that is shown; of one that is rarely drawn nothing is right. */
function createHopeless(impossible: (goal: number) => boolean) {
  return defineTask({
    name: 'hopeless',
    stages: ['only'],
    horizon: 1,
    symbols: ['a', 'b', 'c', 'd'],
    sample: (random) => ({ goal: Math.min(random.int(10), 3) }),
    encode: ({ goal }) => [goal],
    start: () => ({ said: -1 }),
    tools: { A: says(0), B: says(1), C: says(2), D: says(3) },
    group: ({ goal }) => `goal ${goal}`,
    success: ({ said }, { goal }) => !impossible(goal) && said === goal,
    target: ({ goal }) => goal,
  });
}

function says(number: number) {
  return {
    run: (state: { said: number }) => {
      state.said = number;
    },
  };
}

test('a run that stands still says so while it goes on, and which group; diagnose says it with what fails', async (t) => {
  const events: TrainingEvent[] = [];
  await using trainer = await Trainer.create({
    ...SMALL,
    replay: false,
    task: createHopeless((goal) => goal === 1),
    progress: (event) => void events.push(event),
  });
  await trainer.run([{ stage: 'only', maxIterations: 500 }]);
  const plateaus = events.filter((event): event is PlateauEvent => event.type === 'plateau');
  t.is(plateaus.length, 1);
  const [plateau] = plateaus;
  t.true((plateau?.stageIteration ?? 0) >= 400 && (plateau?.stageIteration ?? 999) <= 500);
  t.deepEqual(plateau?.causes, ['groups']);
  t.deepEqual(
    plateau?.groups.map(({ group, successRate }) => [group, successRate]),
    [['goal 1', 0]],
  );
  t.true(Math.abs((plateau?.successRate ?? 0) - 0.9) < 0.03);
  t.true((plateau?.since ?? 999) < 300);
  t.regex(
    plateau?.message ?? '',
    /^stands at success (8[5-9]|9\d)\.\d % since iteration \d+, with goal 1 0\.0 %: some problems are not learned/,
  );
  t.regex(plateau?.remedy ?? '', /^Let problems that failed come back: replay is off\. Draw these problems more often/);
  const last = events.findLast((event) => event.type === 'iteration');
  t.deepEqual(
    last?.groups?.map(({ group }) => group),
    ['goal 0', 'goal 1', 'goal 2', 'goal 3'],
  );
  t.is(last?.groups?.[1]?.successRate, 0);
  t.is(
    last?.groups?.reduce((sum, { problems }) => sum + problems, 0),
    25 * SMALL.batchSize,
  );

  const diagnosis = await trainer.diagnose({ problems: 200 });
  t.true(diagnosis instanceof Diagnosis);
  t.deepEqual(
    diagnosis.findings.map(({ code, stage }) => [code, stage]),
    [
      ['below-target', 'only'],
      ['group-fails', 'only'],
      ['no-variance', 'only'],
      ['never-found', 'only'],
      ['plateau', 'only'],
    ],
  );
  const [stage] = diagnosis.stages;
  t.is(stage?.training, undefined);
  t.is(stage?.target, 0.99);
  t.true(stage?.examples.every(({ target, success }) => target === '1' && !success));
  t.is(stage?.examples.length, 1, 'the same failure is shown once');
  t.is(stage?.examples[0]?.steps[0]?.applied, true);
  t.is(diagnosis.run?.iterations, 500);
  t.deepEqual(diagnosis.run?.stages, [{ name: 'only', iterations: 500, reached: false }]);
  const text = String(diagnosis);
  t.regex(text, /^hopeless, after 500 iterations: 0 of 1 stages reached, only trained last\n\nonly: success \d+\.\d % \(/);
  t.regex(text, /\n {2}goal 1 {2}0\.0 % \(0\.0 to /);
  t.regex(text, /\nfails, only: b \[CTX\] → 1\n {2}\[[A-D]\] {2}\(return 0\.000\)/);
  t.deepEqual(await trainer.diagnose({ problems: 200 }), diagnosis, 'the same agent is diagnosed alike');
});

test('a task that pays nothing is said to after 100 iterations', async (t) => {
  const events: TrainingEvent[] = [];
  const task = createHopeless(() => true);
  await Trainer.run([{ stage: 0, iterations: 125 }], { ...SMALL, replay: false, task, progress: (event) => void events.push(event) }).then(
    ({ agent }) => agent.close(),
  );
  const plateaus = events.filter((event): event is PlateauEvent => event.type === 'plateau');
  t.deepEqual(
    plateaus.map(({ stageIteration, causes }) => [stageIteration, causes]),
    [[100, ['no-variance']]],
  );
});

test('an agent that has learned its task has no findings; one that has not says where held-out problems stand', async (t) => {
  // Numbers of which none was trained on; what is shown of them is.
  const task = createNamed((goal, split) => goal >= 12 === (split === 'test'));
  await using trainer = await Trainer.create({ ...SMALL, task, progress: false });
  const before = await trainer.diagnose({
    stage: 'many',
    problems: 100,
    examples: 1,
    groupBy: ({ goal }: { goal: number }) => (goal > 13 ? 'high' : 'low'),
  });
  t.is(before.run, undefined);
  t.is(before.stages[0]?.split, 'test');
  t.not(before.stages[0]?.training, undefined);
  t.is(before.stages[0]?.examples.length, 1);
  t.is(before.findings[0]?.code, 'below-target');
  t.regex(String(before), /^named, not trained by this trainer yet\n\nmany: success .* of 100 held-out problems; trained on, /);
  const easy = createHopeless(() => false);
  await using other = await Trainer.create({ ...SMALL, task: easy, progress: false });
  await other.run([{ stage: 0, maxIterations: 1000 }]);
  const after = await other.diagnose();
  t.deepEqual(after.findings, []);
  t.deepEqual(after.stages[0]?.examples, []);
  t.regex(String(after), /1 of 1 stages reached.*nothing found that would keep it from its targets/s);
});

test('diagnosing moves nothing, and refuses what it does not know', async (t) => {
  const digest = async (looks: boolean) => {
    await using trainer = await Trainer.create({ ...SMALL, task: createNamed(), progress: false });
    for (let run = 0; run < 2; run += 1) {
      await trainer.run([{ stage: 0, iterations: 3 }]);
      if (looks) {
        await trainer.diagnose({ problems: 30, samples: 2 });
      }
    }
    const { data } = (await trainer.agent.stateDict())['rnn.weight_ih_l0'] ?? { data: [] };
    return [...data];
  };
  const without = await digest(false);
  t.true(without.length > 0);
  t.deepEqual(await digest(true), without);
  await using trainer = await Trainer.create({ ...SMALL, task: createNamed(), progress: false });
  const error = await t.throwsAsync(trainer.diagnose({ samples: 0, examples: -1, passAt: [1] } as object), { instanceOf: OptionsError });
  t.deepEqual(error?.issues.map(({ path }) => path).sort(), ['examples', 'passAt', 'samples']);
});

test('in environments: a plateau of returns is said, and diagnose says what to do instead', async (t) => {
  const events: TrainingEvent<'environment'>[] = [];
  await using trainer = await Trainer.create({
    environment: (index) => new CountingEnvironment(index, { says: false }),
    envCount: 2,
    rolloutSteps: 6,
    hiddenSize: 8,
    threads: 1,
    // What is not learned from does not improve.
    learningRate: 1e-30,
    progress: (event) => void events.push(event),
  });
  await trainer.run([{ stage: 0, until: { meanReturn: 3 }, maxSteps: 12 * 170 }]);
  const plateaus = events.filter((event): event is PlateauEvent => event.type === 'plateau');
  t.deepEqual(
    plateaus.map(({ stageIteration, groups }) => [stageIteration, groups]),
    [[160, []]],
  );
  t.regex(plateaus[0]?.message ?? '', /^stands at return \d\.\d{3} since iteration \d+: /);
  await t.throwsAsync(trainer.diagnose(), { instanceOf: InputError });
});
