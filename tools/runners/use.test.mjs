// What a user's tests do, in Jest and Vitest alike. Under Jest, and in Vitest's vm pools, they and the package live in a realm of their own, and
// what Node.js and the addon make comes from another. tools/lib/package-runtimes.mjs copies it into a project, as CommonJS too.
import * as innate from 'innate';
import * as environments from 'innate/environments';

const { Agent, Trainer, arithmetic, defineTask, hasPartialResult, InnateError } = innate;
const options = { hiddenSize: 8, batchSize: 8, progress: false };
const stages = [{ stage: 0, iterations: 3 }];

/** The work must fail with this code. @param {() => unknown} work @param {string} code */
async function failure(work, code) {
  const error = await Promise.resolve()
    .then(work)
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InnateError);
  expect(error.code).toBe(code);
  return error;
}

test('arrays of any realm are arrays', async () => {
  const agent = await Agent.create({ hiddenSize: 8 });
  const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 0);
  const { actions } = await agent.act({ contexts: new Int32Array(batch.contexts), stages: new Int32Array(1) });
  const { loss } = await agent.update({ ...batch, actions, returns: new Float32Array(1) });
  expect(Number.isFinite(loss)).toBe(true);
  await agent.loadStateDict(await agent.stateDict());
  await agent.close();
});

test('the environments throw errors of this very package', () => {
  const { cartPole } = environments;
  expect(() => cartPole({ limit: 0 })).toThrow(innate.OptionsError);
  const environment = cartPole();
  expect(environment.reset({ random: new innate.Random(1), stage: 0 })).toHaveLength(4);
  expect(environment.step(1)).toMatchObject({ reward: 1, terminated: false, truncated: false });
});

test("the addon's errors are typed", async () => {
  await failure(() => Agent.load('nowhere/agent.safetensors'), 'ERR_CHECKPOINT');
  const agent = await Agent.create({ hiddenSize: 8 });
  await failure(() => agent.save('nowhere/agent.safetensors'), 'ERR_CHECKPOINT');
  const session = await agent.session();
  const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }, { operands: [1, 1, 1, 1, 1] }], 0);
  await failure(() => session.begin(batch), 'ERR_INPUT');
  session.close();
  await agent.close();
});

test('an error of a task is its cause', async () => {
  const task = defineTask({
    name: 'broken',
    stages: ['only'],
    horizon: 2,
    symbols: ['x'],
    sample: () => ({ tags: new Set(['a']), at: new Date(0), sizes: new Map([['x', new Float64Array(1)]]) }),
    encode: () => [0],
    start: (problem) => ({ ...problem }),
    tools: { DONE: { ends: true } },
    success: () => {
      throw new TypeError('mine');
    },
  });
  const error = await failure(() => Trainer.run(stages, { ...options, task }), 'ERR_TASK');
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(error.message).toContain('threw TypeError: mine');
  expect(hasPartialResult(error)).toBe(true);
});

test('a signal, and a progress function that is async', async () => {
  const controller = new AbortController();
  const progress = async ({ iteration }) => {
    if (iteration === 2) {
      controller.abort();
    }
  };
  const run = () => Trainer.run([{ stage: 0, iterations: 1e6 }], { ...options, signal: controller.signal, progress });
  expect(hasPartialResult(await failure(run, 'ERR_ABORTED'))).toBe(true);
});

test('it trains', async () => {
  const { iterations, agent } = await Trainer.run(stages, options);
  expect(iterations).toBe(3);
  await agent.close();
});
