import test, { type ExecutionContext } from 'ava';
import { Agent, arithmetic, type StateDict } from 'innate';

type Numbers = Int32Array | Float32Array | Uint8Array;

/** Asserts that each array has all of a buffer of its own, which can be given to someone else without a copy. */
function ownsThem(t: ExecutionContext, what: string, arrays: readonly Numbers[]): void {
  t.true(arrays.length > 0, what);
  t.is(new Set(arrays.map(({ buffer }) => buffer)).size, arrays.length, `${what}: one buffer an array`);
  for (const array of arrays) {
    const expected = array.slice();
    t.is(array.buffer.byteLength, array.byteLength, what);
    const moved = structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
    t.deepEqual(moved, expected, what);
    t.is(array.length, 0, `${what}: detached`);
  }
}

const data = (tensors: StateDict): readonly Float32Array[] => Object.values(tensors).map((tensor) => tensor.data);

test('every array that comes back can be transferred, and the agent goes on', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 24, seed: 2 });
  await using twin = await Agent.create({ hiddenSize: 24, seed: 2 });
  const stages = Int32Array.from({ length: 40 }, (_, i) => i % 3);
  const contexts = Int32Array.from({ length: 240 }, (_, i) => i % 10);
  const returns = Float32Array.from(stages, (stage) => stage - 1);
  for (let round = 0; round < 3; round += 1) {
    const rollout = await agent.act({ contexts, stages });
    const actions = rollout.actions.slice();
    ownsThem(t, 'act', Object.values(rollout));
    ownsThem(t, 'evaluateActions', Object.values(await agent.evaluateActions({ contexts, stages, actions })));
    const { gradients } = await agent.gradients({ contexts, stages, actions, returns });
    ownsThem(t, 'gradients', data(gradients));
    ownsThem(t, 'stateDict', data(await agent.stateDict()));
    using session = await agent.session();
    session.begin({ contexts: contexts.subarray(0, 6), stages: [0] });
    ownsThem(t, 'session', Object.values(session.step()));
    t.deepEqual((await twin.act({ contexts, stages })).actions, actions);
    t.deepEqual(await agent.update({ contexts, stages, actions, returns }), await twin.update({ contexts, stages, actions, returns }));
  }
});

test('what a session wrote can be transferred between its steps', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 24, seed: 2 });
  using session = await agent.session();
  using twin = await agent.session();
  for (const each of [session, twin]) {
    each.begin({ contexts: [1, 2, 3, 10, 17, 17], stages: [0] });
  }
  for (let i = 0; i < 4; i += 1) {
    const step = session.step();
    t.deepEqual(step, twin.step());
    const array = Object.values(step)[i] as Int32Array | Float32Array;
    structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
  }
  t.deepEqual(session.step(), twin.step());
});

test('a mask that is read can be transferred, and masks all the same', async (t) => {
  await using agent = await Agent.create({ task: arithmetic, hiddenSize: 8 });
  ownsThem(t, 'actionMask', [agent.info.actionMask as Uint8Array]);
  const { actions } = await agent.act({ contexts: [1, 2, 3, 10, 17, 17], stages: [0] });
  t.true(actions.every((action) => arithmetic.actionMask?.[action] === 1));
  const masked = Int32Array.from(actions, () => 9);
  await t.throwsAsync(() => agent.evaluateActions({ contexts: [1, 2, 3, 10, 17, 17], stages: [0], actions: masked }), {
    code: 'ERR_INPUT',
  });
});
