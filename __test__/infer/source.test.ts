import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { arithmetic, Agent as Native } from 'innate';
import { Agent, CheckpointError, ClosedError, InputError, OptionsError } from 'innate/infer';
import { inFolder } from '../support/folder.js';

const PROMPTS = { contexts: [1, 2, 3, 10, 17, 17], stages: [0] };
let bytes = new Uint8Array(0);

test.before(async () => {
  await using agent = await Native.create({ seed: 3, hiddenSize: 8 });
  await inFolder(async (folder) => {
    await agent.save(`${folder}/agent`);
    bytes = new Uint8Array(readFileSync(`${folder}/agent`));
  });
});

test('bytes, buffers, blobs and responses are read, wherever they begin', async (t) => {
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const sources = [
    bytes,
    Buffer.from(bytes),
    shifted.subarray(3),
    bytes.slice().buffer,
    new Blob([bytes]),
    new Response(bytes),
    runInNewContext('new Uint8Array(bytes)', { bytes: [...bytes] }) as Uint8Array,
  ];
  for (const source of sources) {
    const agent = await Agent.load(source);
    t.is(agent.info.taskName, 'arithmetic');
    const session = await agent.session();
    session.begin(PROMPTS);
    t.is(session.step({ deterministic: true }).actions.length, 1);
  }
});

test('what cannot be had is said', async (t) => {
  for (const source of [undefined, 3, 'agent.safetensors', {}, [1, 2]]) {
    t.is((await t.throwsAsync(Agent.load(source as never), { instanceOf: InputError }))?.path, 'source');
  }
  const missing = new Response('not found', { status: 404 });
  t.regex((await t.throwsAsync(Agent.load(missing), { instanceOf: CheckpointError }))?.message ?? '', /status 404/);
  const used = new Response(bytes);
  await used.arrayBuffer();
  t.is((await t.throwsAsync(Agent.load(used), { instanceOf: CheckpointError }))?.path, 'source');
});

test("a session refuses what the addon's does", async (t) => {
  const agent = await Agent.load(bytes);
  t.is((await t.throwsAsync(agent.session({ size: 0 }), { instanceOf: OptionsError }))?.path, 'size');
  await t.throwsAsync(agent.session({ sise: 1 } as never), { instanceOf: OptionsError });
  const session = await agent.session();
  t.is(t.throws(() => session.step(), { instanceOf: InputError })?.path, 'session');
  t.is(t.throws(() => session.begin({ ...PROMPTS, stages: [0, 1] }), { instanceOf: InputError })?.path, 'contexts');
  t.is(
    t.throws(() => session.begin({ contexts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3], stages: [0, 1] }), { instanceOf: InputError })?.path,
    'stages',
  );
  t.is(t.throws(() => session.begin({ contexts: [1, 2, 3, 4, 5, 99], stages: [0] }), { instanceOf: InputError })?.path, 'contexts[5]');
  session.begin(PROMPTS);
  t.is(t.throws(() => session.feed([1, 2]), { instanceOf: InputError })?.path, 'tokens');
  t.is(t.throws(() => session.step({ observation: 1 }), { instanceOf: InputError })?.path, 'observation');
  t.throws(() => session.step({ temperature: 0 }), { instanceOf: OptionsError });
  // Digits may not be emitted: a mask that leaves them alone leaves nothing.
  const digits = arithmetic.vocabulary.map((token) => /^\d$/.test(token));
  t.is(t.throws(() => session.step({ actionMask: digits }), { instanceOf: InputError })?.code, 'ERR_INPUT');
  // As the addon's, it begins anew after an error within a step.
  session.begin(PROMPTS);
  t.is(session.step().actions.length, 1);
  session.close();
  t.throws(() => session.step(), { instanceOf: ClosedError });
});
