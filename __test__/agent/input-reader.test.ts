import test from 'ava';
import { InputError, OptionsError } from 'innate';
import { InputReader, inputNames } from '#dist/agent/input-reader.js';
import { provePrompts } from '#dist/task/checked-prompts.js';

const limits = { vocabSize: 3, stageCount: 2, horizon: 2, actionMask: Uint8Array.of(1, 1, 0), contextLength: undefined };
const names = inputNames('actions', 'lengths', 'returns', 'deterministic');
const good = { contexts: Int32Array.of(0, 1, 2, 0), stages: Int32Array.of(0, 1) };
const reading = (input: object, changes: object = {}) => new InputReader(input, names, { ...limits, ...changes });

function issuesOf(read: (reader: InputReader) => unknown, input: object, changes: object = {}): string[] {
  const reader = reading(input, changes);
  read(reader);
  try {
    reader.check();
    return [];
  } catch (error) {
    return (error as InputError).issues.map(({ path, message }) => `${path} ${message}`);
  }
}

test('typed arrays are passed on as they are, others are copied', (t) => {
  const actions = Int32Array.of(0, 1, 1, 0);
  const returns = Float32Array.of(1, 2);
  const reader = reading({ ...good, actions, lengths: [1, 2], returns });
  const { contexts, stages } = reader.prompts();
  t.is(contexts, good.contexts);
  t.is(stages, good.stages);
  t.is(reader.actions(2), actions);
  t.deepEqual(reader.lengths(2, 2), Int32Array.of(1, 2));
  t.is(reader.returns(2), returns);
  t.false(reader.deterministic());
  t.notThrows(() => reader.check());
  const copied = reading({ contexts: [0, 1], stages: [1], returns: [0.5] });
  t.deepEqual(copied.prompts().contexts, Int32Array.of(0, 1));
  t.deepEqual(copied.returns(1), Float32Array.of(0.5));
  t.is(copied.lengths(1, 2), undefined);
});

test('the first bad value of each entry is said, all entries at once', (t) => {
  t.deepEqual(
    issuesOf((reader) => reader.prompts(), { contexts: [0, 9, 8], stages: [5] }),
    [
      'stages[0] must be an integer from 0 and below the number of stages, 2, got 5.',
      'contexts[1] must be an integer from 0 and below the vocabulary size, 3, got 9.',
    ],
  );
  t.deepEqual(
    issuesOf((reader) => [reader.lengths(2, 2), reader.returns(2), reader.deterministic()], {
      ...good,
      lengths: [1, 3],
      returns: [NaN, 1],
      deterministic: 1,
    }),
    [
      'lengths[1] must be an integer from 1 to 2, the tokens of a program, got 3.',
      'returns[0] must be a finite number, got NaN.',
      'deterministic must be true or false, got 1.',
    ],
  );
});

test('what comes with the proof of its check is not looked through again, but for its length', (t) => {
  // Ids that would be refused show that nobody looks.
  const proved = provePrompts(Int32Array.of(9, 9), Int32Array.of(7), limits);
  const reader = reading({ ...proved, actions: [0, 1] });
  t.is(reader.prompts().contexts, proved.contexts);
  t.notThrows(() => reader.check());
  const looked = ['stages[0]', 'contexts[0]'];
  const pathsOf = (issues: string[]) => issues.map((issue) => issue.split(' ')[0]);
  t.deepEqual(pathsOf(issuesOf((it) => it.prompts(), proved, { vocabSize: 2 })), looked, 'for a network of fewer tokens');
  t.deepEqual(pathsOf(issuesOf((it) => it.prompts(), { ...proved }, { contextLength: 3 })), ['contexts']);
  t.deepEqual(pathsOf(issuesOf((it) => it.prompts(), { contexts: proved.contexts, stages: proved.stages })), looked);
});

test('tokens that the network never emits are no actions', (t) => {
  t.deepEqual(
    issuesOf((reader) => reader.actions(2), { ...good, actions: [0, 2, 2, 1] }),
    ['actions[1] token 2 is masked: the network never emits it.'],
  );
  t.deepEqual(
    issuesOf((reader) => reader.actions(2), { ...good, actions: [0, 2, 2, 1] }, { actionMask: undefined }),
    [],
  );
});

test('no object is no input, and misspelled names are options that would be lost', (t) => {
  t.is(t.throws(() => new InputReader(3, names, limits), { instanceOf: InputError })?.path, 'input');
  t.is(t.throws(() => reading({ ...good, determinstic: true }), { instanceOf: OptionsError })?.remedy, 'Did you mean deterministic?');
});
