import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Agent, arithmetic, CheckpointError, ClosedError, countdown, InputError, OptionsError } from 'innate';
import { repeatFirst } from 'innate/environments';
import { inFolder } from '../support/folder.js';

const NETWORK = { vocabulary: 6, stages: 2, horizon: 4, startToken: 5, hiddenSize: 8 } as const;

/** Where options are wrong. */
async function paths(agent: Agent, options: object): Promise<readonly string[]> {
  let issues: readonly string[] = [];
  await inFolder(async (folder) => {
    try {
      await agent.export(join(folder, 'agent.onnx'), options);
    } catch (error) {
      if (!(error instanceof OptionsError)) {
        throw error;
      }
      issues = error.issues.map(({ path }) => path);
    }
  });
  return issues;
}

test('forms that an agent does not have are refused, and options that are of no use', async (t) => {
  await using prompted = await Agent.create({ task: arithmetic, hiddenSize: 8 });
  for (const form of ['step', 'encoder', 'program']) {
    t.deepEqual(await paths(prompted, { form }), []);
  }
  t.deepEqual(await paths(prompted, { form: 'loop' }), ['form']);
  t.deepEqual(await paths(prompted, { deterministic: false }), ['deterministic']);
  t.deepEqual(await paths(prompted, { form: 'program', deterministic: 1 }), ['deterministic']);
  t.deepEqual(await paths(prompted, { contextLength: 6, name: 3 }), ['contextLength', 'name']);
  await using answered = await Agent.create({ task: countdown, hiddenSize: 8 });
  t.deepEqual(await paths(answered, { form: 'program' }), ['form']);
  const { observationSpace, actionSpace } = repeatFirst();
  await using acting = await Agent.create({ observationSpace, actionSpace, hiddenSize: 8 });
  t.deepEqual(await paths(acting, { form: 'program' }), ['form']);
  t.deepEqual(await paths(acting, { form: 'encoder' }), ['form']);
  await using long = await Agent.create({ ...NETWORK, horizon: 1025 });
  t.deepEqual(await paths(long, { form: 'program' }), ['form']);
  t.deepEqual(await paths(long, { form: 'encoder' }), []);
});

test('what is read in order needs a length: the task has one, or it is said', async (t) => {
  const network = { encoder: 'gru' } as const;
  await using agent = await Agent.create({ ...NETWORK, network });
  t.deepEqual(await paths(agent, {}), ['contextLength']);
  t.deepEqual(await paths(agent, { contextLength: 0 }), ['contextLength']);
  t.deepEqual(await paths(agent, { contextLength: 1025 }), ['contextLength']);
  t.deepEqual(await paths(agent, { contextLength: 4 }), []);
  await using fixed = await Agent.create({ ...NETWORK, contextLength: 4, network });
  t.deepEqual(await paths(fixed, {}), []);
});

test('a file is written whole or not at all, and the same agent makes the same bytes', async (t) => {
  await using agent = await Agent.create({ task: arithmetic, hiddenSize: 8 });
  await inFolder(async (folder) => {
    const [first, second] = [join(folder, 'a.onnx'), join(folder, 'b.onnx')];
    await writeFile(first, 'what was there');
    await agent.export(first);
    await agent.export(second);
    t.deepEqual(await readFile(first), await readFile(second));
    t.deepEqual((await readdir(folder)).sort(), ['a.onnx', 'b.onnx']);
    const { contexts, stages } = arithmetic.encode([{ operands: [1, 2, 3, 4, 5] }], 0);
    const { actions } = await agent.act({ contexts, stages });
    await agent.update({ contexts, stages, actions, returns: [1] });
    await agent.export(second);
    t.notDeepEqual(await readFile(first), await readFile(second), 'by the present weights');
    await t.throwsAsync(() => agent.export(join(folder, 'nowhere', 'a.onnx')), { instanceOf: CheckpointError });
    await t.throwsAsync(() => agent.export(folder), { instanceOf: CheckpointError });
  });
  await t.throwsAsync(() => agent.export(''), { instanceOf: InputError });
  await agent.close();
  await t.throwsAsync(() => agent.export('agent.onnx'), { instanceOf: ClosedError });
});
