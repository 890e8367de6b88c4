import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  box,
  type CheckEnvironmentOptions,
  checkEnvironment,
  discrete,
  type Environment,
  type EnvironmentFactory,
  type EnvironmentFindingCode,
  formatEnvironmentCheck,
  multiDiscrete,
  OptionsError,
  type Random,
  type Step,
} from 'innate';
import { Corridor, SlowCorridor } from './support/corridor.js';
import { Counters } from './support/counters.js';

/** One answer to one number, right or wrong; what is given is changed. */
function quiz(changes: Readonly<Partial<Record<keyof Environment, unknown>>> = {}): Environment {
  let asked = 0;
  return {
    observationSpace: discrete(3),
    actionSpace: discrete(3),
    reset: ({ random }) => {
      asked = random.int(3);
      return asked;
    },
    step: (action) => ({
      observation: asked,
      reward: action === asked ? 1 : 0,
      terminated: true,
      truncated: false,
      success: action === asked,
    }),
    ...changes,
  } as Environment;
}

async function codes(
  t: ExecutionContext,
  factory: EnvironmentFactory,
  expected: readonly EnvironmentFindingCode[],
  options?: CheckEnvironmentOptions,
) {
  const report = await checkEnvironment(factory, options);
  t.deepEqual(report.findings.map(({ code }) => code).sort(), [...expected].sort(), formatEnvironmentCheck(report));
  t.is(
    report.usable,
    report.findings.every(({ severity }) => severity !== 'error'),
  );
  return report;
}

test('nothing is said of what is well made', async (t) => {
  const report = await codes(t, () => quiz(), ['needs-no-memory']);
  const { stages, ...rest } = report;
  t.like(rest, { usable: true, numbers: 0, ids: [3], actionCount: 3 });
  const [stage] = stages;
  t.like(stage, { stage: 'default', episodes: 200, endedFraction: 1, meanLength: 1, returnRange: [0, 1] });
  t.true(Math.abs((stage?.successRate ?? 0) - 1 / 3) < 0.12);
  t.true((stage?.constantAction?.successRate ?? 1) < 0.8);
});

test('the same from an environment that answers later, and from one over typed arrays', async (t) => {
  const options = { episodes: 20 };
  const slow = await checkEnvironment(() => new SlowCorridor(() => 0), options);
  const fast = await checkEnvironment(() => new Corridor(), options);
  t.deepEqual(slow, fast);
  t.true(fast.usable);
  t.deepEqual(
    fast.stages.map(({ stage }) => stage),
    ['near', 'far'],
  );
  const vector = await checkEnvironment((_, size) => new Counters(size), options);
  t.deepEqual([vector.usable, vector.numbers, vector.ids, vector.stages.length], [true, 1, [2], 1]);
});

test('environments are closed', async (t) => {
  const made: Corridor[] = [];
  const factory = (): Corridor => {
    const corridor = new Corridor();
    made.push(corridor);
    return corridor;
  };
  await checkEnvironment(factory, { episodes: 5 });
  t.deepEqual(
    made.map(({ closed }) => closed),
    [1, 1],
  );
});

test('invalid: what the environment does wrong, as the error says it', async (t) => {
  const wrong = (changes: object) => () =>
    quiz({ step: () => ({ observation: 0, reward: 0, terminated: true, truncated: false, ...changes }) });
  for (const [factory, message] of [
    [wrong({ reward: Number.NaN }), 'environment.step.reward: at environment 0, episode 0, step 1: is NaN.'],
    [wrong({ observation: 7 }), 'environment.step.observation: at environment 0, episode 0, step 1: is 7.'],
    [() => quiz({ reset: () => 'hello' }), "environment.reset: at environment 0, episode 0, step 0: is 'hello'."],
    [() => quiz({ actionSpace: box({ shape: [1] }) }), 'environment.actionSpace: at environment 0: is a box'],
    [
      () => {
        throw new Error('no port');
      },
      'environment: at environment 0: threw Error: no port.',
    ],
  ] as const) {
    const report = await codes(t, factory, ['invalid']);
    t.true(report.findings[0]?.message.startsWith(message), report.findings[0]?.message);
  }
  const shared = quiz();
  t.regex((await codes(t, () => shared, ['invalid'])).findings[0]?.message ?? '', /gave the same object/);
  const hanging = () => quiz({ step: () => new Promise(() => undefined) });
  t.regex((await codes(t, hanging, ['invalid'], { stepTimeout: 20 })).findings[0]?.message ?? '', /did not settle within 20 ms/);
});

test('seeding: chance that does not come from context.random', async (t) => {
  let drawn = 0;
  const unseeded = (): Environment =>
    quiz({
      reset: () => {
        drawn += 1;
        return drawn % 3;
      },
    });
  const report = await codes(t, unseeded, ['seeding']);
  t.regex(report.findings[0]?.message ?? '', /at step 1, what is seen or allowed before it/);
});

test('forgotten-reset: something of an earlier episode is left', async (t) => {
  const forgetful = (): Environment => {
    let total = 0;
    return quiz({
      step: (action: number) => {
        total += action;
        return { observation: total % 3, reward: 0, terminated: total % 7 === 3, truncated: total > 40 };
      },
    });
  };
  await codes(t, forgetful, ['forgotten-reset']);
});

test('observation-reused, which is safe', async (t) => {
  const report = await checkEnvironment(() => new Corridor(), { episodes: 5 });
  t.false(
    report.findings.some(({ code }) => code === 'observation-reused'),
    'the record is new each time',
  );
  const array = new Float32Array(1);
  const reusing = (): Environment => {
    let random: Random | undefined;
    const see = (): Float32Array => array.fill(random?.float() ?? 0);
    return quiz({
      observationSpace: box({ shape: [1] }),
      reset: (context: { random: Random }) => {
        random = context.random;
        return see();
      },
      step: (action: number) => ({ observation: see(), reward: action, terminated: random?.int(4) === 0, truncated: false }),
    });
  };
  await codes(t, reusing, ['observation-reused']);
});

test('masks and steps that disagree', async (t) => {
  const masked = (step: (action: number) => Step<number>) => (): Environment => quiz({ step, actionMask: () => [1, 1, 0] });
  const answer = (action: number): Step<number> => ({ observation: action, reward: action, terminated: true, truncated: false });
  const refuse = (refused: number) => (action: number) => {
    if (action === refused) {
      throw new RangeError(`no ${action}`);
    }
    return answer(action);
  };
  t.regex((await codes(t, masked(refuse(1)), ['mask-disagrees'])).findings[0]?.message ?? '', /RangeError: no 1/);
  await codes(t, masked(refuse(2)), ['needs-no-memory']);
  const report = await codes(t, masked(answer), ['forbidden-accepted', 'needs-no-memory']);
  t.regex(report.findings.find(({ code }) => code === 'forbidden-accepted')?.message ?? '', /accepts action 2/);
});

test('episodes that never end', async (t) => {
  const endless = (): Environment =>
    quiz({ step: (action: number) => ({ observation: action, reward: action, terminated: false, truncated: false }) });
  const report = await codes(t, endless, ['never-ends', 'needs-no-memory'], { episodes: 5, maxSteps: 30 });
  t.deepEqual([report.stages[0]?.endedFraction, report.stages[0]?.meanLength], [0, 30]);
});

test('the scale of rewards', async (t) => {
  const paying = (worth: number) => (): Environment =>
    quiz({ step: (action: number) => ({ observation: 0, reward: worth * action, terminated: true, truncated: false }) });
  await codes(t, paying(1000), ['reward-scale', 'needs-no-memory']);
  await codes(t, paying(-1000), ['reward-scale', 'needs-no-memory']);
  await codes(t, paying(0.001), ['reward-scale', 'needs-no-memory']);
  await codes(t, paying(0.1), ['needs-no-memory']);
});

test('sparse: chance never succeeds, or always earns the same', async (t) => {
  const never = (): Environment => {
    let asked = 0;
    return quiz({
      actionSpace: multiDiscrete([60, 60]),
      reset: ({ random }: { random: Random }) => {
        asked = random.int(3);
        return asked;
      },
      step: ([a, b]: number[]) => {
        const success = a === asked && b === 59;
        return { observation: asked, reward: success ? 1 : 0, terminated: true, truncated: false, success };
      },
    });
  };
  await codes(t, never, ['sparse'], { episodes: 100 });
  const same = (): Environment => quiz({ step: () => ({ observation: 0, reward: 0, terminated: true, truncated: false }) });
  await codes(t, same, ['sparse', 'needs-no-memory']);
});

test('one action that is always right', async (t) => {
  const trivial = (): Environment =>
    quiz({
      step: (action: number) => ({
        observation: 0,
        reward: action === 1 ? 1 : 0,
        terminated: true,
        truncated: false,
        success: action === 1,
      }),
    });
  const report = await codes(t, trivial, ['constant-action', 'needs-no-memory']);
  t.deepEqual(report.stages[0]?.constantAction, { action: 1, successRate: 1 });
});

test('a hidden status: what looks the same needs different answers', async (t) => {
  const hidden = (): Environment => {
    let status = 0;
    return quiz({
      actionSpace: discrete(2),
      reset: ({ random }: { random: Random }) => {
        status = random.int(2);
        return 0;
      },
      step: (action: number) => ({
        observation: 0,
        reward: action === status ? 1 : 0,
        terminated: true,
        truncated: false,
        success: action === status,
      }),
    });
  };
  const report = await codes(t, hidden, ['indistinguishable'], { episodes: 1000 });
  t.regex(report.findings[0]?.message ?? '', /about 5\d(\.\d)? % can succeed at best/);
});

test('needs-memory: what was shown first is asked at the end', async (t) => {
  const recall = (): Environment => {
    let first = 0;
    let steps = 0;
    return quiz({
      actionSpace: discrete(2),
      reset: ({ random }: { random: Random }) => {
        first = random.int(2);
        steps = 0;
        return first;
      },
      step: (action: number) => {
        steps += 1;
        const right = action === first;
        return { observation: 2, reward: steps === 2 && right ? 1 : 0, terminated: steps === 2, truncated: false };
      },
    });
  };
  await codes(t, recall, ['needs-memory']);
});

test('options', async (t) => {
  const error = await t.throwsAsync(
    checkEnvironment(() => quiz(), { episodes: 0, steps: 3 } as CheckEnvironmentOptions),
    { instanceOf: OptionsError },
  );
  t.deepEqual(
    error?.issues.map(({ path }) => path),
    ['episodes', 'steps'],
  );
});

test('as text', async (t) => {
  const text = formatEnvironmentCheck(await checkEnvironment(() => quiz()));
  t.regex(text, /^usable \(sees ids of 3 values; 3 actions\)\n\nstage {4}episodes {2}ended/);
  t.regex(text, /\nnote {4}needs-no-memory {2}default: what comes next follows/);
  const failing = formatEnvironmentCheck(await checkEnvironment(() => quiz({ reset: () => sleep(1, 9) })));
  t.is(
    failing,
    'NOT usable (sees ids of 3 values; 3 actions)\n\nERROR   invalid  default: environment.reset: at environment 0, episode 0, step 0: is 9. Give an integer from 0 to 2.',
  );
});
