// What a user's tests do. Under Jest, and in Vitest's vm pools, they and the package live in a realm of their own, and what Node.js and the addon
// make comes from another. Copied into a project by tools/lib/runners.mjs.

/**
 * @param {typeof import('innate')} innate - The package, however it was loaded.
 * @param {(name: string, body: () => Promise<void>) => void} test - The runner's.
 */
export function suite(innate, test) {
  const { Agent, Trainer, arithmetic, defineTask, hasPartialResult, InnateError } = innate;
  const options = { hiddenSize: 8, batchSize: 8, progress: false };
  const stages = [{ stage: 0, iterations: 3 }];

  /**
   * @param {unknown} actual - What there is.
   * @param {unknown} expected - What there should be.
   */
  const same = (actual, expected) => {
    if (actual !== expected) {
      throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
    }
  };

  /**
   * @param {() => unknown} work - What must fail.
   * @param {string} code - With which code.
   */
  const failure = async (work, code) => {
    /** @type {unknown} */
    let thrown;
    try {
      await work();
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof InnateError)) {
      throw new Error(`expected ${code}, got ${String(thrown)}`);
    }
    same(thrown.code, code);
    return thrown;
  };

  test('arrays of any realm are arrays', async () => {
    const agent = await Agent.create({ hiddenSize: 8 });
    const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 0);
    const { actions } = await agent.act({ contexts: new Int32Array(batch.contexts), stages: new Int32Array(1) });
    const { loss } = await agent.update({ ...batch, actions, returns: new Float32Array(1) });
    same(Number.isFinite(loss), true);
    await agent.loadStateDict(await agent.stateDict());
    await agent.close();
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
    same(error.cause instanceof TypeError, true);
    same(error.message.includes('threw TypeError: mine'), true);
    same(hasPartialResult(error), true);
  });

  test('a signal, and a progress function that is async', async () => {
    const controller = new AbortController();
    const error = await failure(
      () =>
        Trainer.run([{ stage: 0, iterations: 1e6 }], {
          ...options,
          signal: controller.signal,
          progress: async ({ iteration }) => {
            if (iteration === 2) {
              controller.abort();
            }
          },
        }),
      'ERR_ABORTED',
    );
    same(hasPartialResult(error), true);
  });

  test('it trains', async () => {
    const { iterations, agent } = await Trainer.run(stages, options);
    same(iterations, 3);
    await agent.close();
  });
}
