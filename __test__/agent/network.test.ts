import test from 'ava';
import { Agent, arithmetic, OptionsError } from 'innate';
import { inFolder } from '../support/folder.js';

const { vocabulary, stages, horizon, startToken, actionMask, contextLength } = arithmetic;

test('a network that is described is the one of the task that says the same', async (t) => {
  const described = { vocabulary, stages, horizon, startToken, actionMask, contextLength };
  await using agent = await Agent.create({ ...described, seed: 5 });
  await using twin = await Agent.create({ task: arithmetic, seed: 5 });
  t.deepEqual(await agent.stateDict(), await twin.stateDict());
  t.is(agent.info.taskName, undefined);
  t.deepEqual({ ...agent.info, taskName: 'arithmetic', update: null }, { ...twin.info, update: null });
  await inFolder(async (folder) => {
    await agent.save(`${folder}/agent`);
    await using loaded = await Agent.load(`${folder}/agent`, { task: arithmetic });
    t.deepEqual(loaded.info, agent.info);
  });
});

test('tokens and stages may be counts', async (t) => {
  await using agent = await Agent.create({ vocabulary: 5, stages: 1, horizon: 2, startToken: 0 });
  t.deepEqual([agent.info.vocabSize, agent.info.vocabulary, agent.info.stageCount, agent.info.stages], [5, undefined, 1, undefined]);
  t.is((await agent.act({ contexts: [1, 2, 3], stages: [0] })).actions.length, 2);
});

test('all that is wrong with a description is said', async (t) => {
  const issues = async (options: object) => {
    const error = await t.throwsAsync(Agent.create(options as never), { instanceOf: OptionsError });
    return error?.issues.map(({ path }) => path);
  };
  t.deepEqual(await issues({ horizon: 0 }), ['vocabulary', 'stages', 'horizon', 'startToken']);
  const good = { vocabulary: ['a', 'b'], stages: 1, horizon: 1, startToken: 0 };
  t.deepEqual(await issues({ ...good, vocabulary: ['a', ''] }), ['vocabulary[1]']);
  t.deepEqual(await issues({ ...good, vocabulary: [] }), ['vocabulary']);
  t.deepEqual(await issues({ ...good, vocabulary: 1.5 }), ['vocabulary']);
  t.deepEqual(await issues({ ...good, startToken: 2 }), ['startToken']);
  t.deepEqual(await issues({ ...good, actionMask: [1] }), ['actionMask']);
  t.deepEqual(await issues({ ...good, actionMask: [0, 0] }), ['actionMask']);
  t.deepEqual(await issues({ ...good, actionMask: [1, 2] }), ['actionMask[1]']);
  t.deepEqual(await issues({ ...good, actionMask: ['a', 1] }), ['actionMask[0]']);
  t.deepEqual(await issues({ ...good, pooling: 'mean', contextLength: 0 }), ['pooling', 'contextLength']);
  t.deepEqual(await issues({ task: arithmetic, horizon: 3 }), ['horizon']);
  t.deepEqual(await issues({ ...good, hiddensize: 3 }), ['hiddensize']);
});
