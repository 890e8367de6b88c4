import test from 'ava';
import { InputError, OptionsError } from 'innate';
import { InputReader } from '#dist/agent/input-reader.js';
import { inputNames } from '#dist/infer/prompt-reader.js';
import { provePrompts } from '#dist/task/checked-prompts.js';

const limits = {
  vocabSize: 3,
  stageCount: 2,
  horizon: 2,
  actionMask: Uint8Array.of(1, 1, 0),
  contextLength: undefined,
  contextValues: false,
};
const names = inputNames('actions', 'inputs', 'lengths', 'weights', 'returns', 'deterministic', 'rows');
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
  t.deepEqual(reader.weights(2, 2), Float32Array.of(1, 0, 1, 1));
  t.is(reader.targets(2, 4, 'step').returns, returns);
  t.false(reader.deterministic());
  t.notThrows(() => reader.check());
  const copied = reading({ contexts: [0, 1], stages: [1], returns: [0.5] });
  t.deepEqual(copied.prompts().contexts, Int32Array.of(0, 1));
  const absent = { advantages: undefined, valueTargets: undefined, oldLogProbs: undefined, referenceLogProbs: undefined };
  t.deepEqual(copied.targets(1, 2, 'step'), { returns: Float32Array.of(0.5), ...absent });
  t.is(copied.weights(1, 2), undefined);
  t.is(copied.inputs(2), undefined);
  t.is(copied.rows(1), undefined);
  t.is(reading({ ...good, lengths: [2, 2] }).weights(2, 2), undefined, 'all count alike');
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
    issuesOf((reader) => [reader.weights(2, 2), reader.targets(2, 4, 'step'), reader.deterministic()], {
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

const of = (read: (reader: InputReader) => unknown, entries: object) => issuesOf(read, { ...good, ...entries });

test('what steps are judged by has one number a problem, or one a step', (t) => {
  const targets = (reader: InputReader) => reader.targets(2, 4, 'step');
  const four = [1, 2, 3, 4];
  for (const entries of [{ returns: four }, { advantages: [1, 2], valueTargets: four, oldLogProbs: four }]) {
    t.deepEqual(of(targets, entries), []);
  }
  t.deepEqual(
    of((reader) => reader.targets(2, 4, 'program'), { returns: four }),
    ['returns must hold 2 numbers, got 4.'],
  );
  t.deepEqual(of(targets, {}), ['returns is missing.']);
  t.deepEqual(of(targets, { returns: [1, 2, 3] }), ['returns must hold 2 or 4 numbers, got 3.']);
  t.deepEqual(of(targets, { returns: four, advantages: four }), ['returns cannot be given together with advantages.']);
  t.deepEqual(of(targets, { returns: four, valueTargets: four }), ['valueTargets cannot be given together with returns.']);
  t.deepEqual(of(targets, { advantages: [1, 1e39] }), ['advantages[1] must be a finite number, got 1e+39.']);
  t.deepEqual(of(targets, { advantages: four, oldLogProbs: [0, 0] }), ['oldLogProbs must hold 4 numbers, got 2.']);
});

test('weights of steps, tokens that were fed and rows of a minibatch', (t) => {
  const weights = (reader: InputReader) => reader.weights(2, 2);
  t.deepEqual(of(weights, { weights: [0, 0.5, 1, 2] }), []);
  t.deepEqual(of(weights, { weights: [1, -1, 1, 1] }), ['weights[1] must be a finite number of at least 0, got -1.']);
  t.deepEqual(of(weights, { weights: [0, 0, 0, 0] }), ['weights must be above 0 at one step at least.']);
  t.deepEqual(of(weights, { weights: [1, 1, 1, 1], lengths: [1, 2] }), ['weights cannot be given together with lengths.']);
  const inputs = (reader: InputReader) => reader.inputs(4);
  t.deepEqual(of(inputs, { inputs: [0, 2, 1, 0] }), [], 'a token that is never emitted may be fed');
  t.deepEqual(of(inputs, { inputs: [0, 3, 1, 0] }), ['inputs[1] must be an integer from 0 and below the vocabulary size, 3, got 3.']);
  t.deepEqual(of(inputs, { inputs: [0] }), ['inputs must hold 4 numbers, got 1.']);
  const rows = (reader: InputReader) => reader.rows(2);
  t.deepEqual(reading({ ...good, rows: [1, 1, 0] }).rows(2), Uint32Array.of(1, 1, 0));
  t.deepEqual(of(rows, { rows: [] }), ['rows must name at least one row, got none.']);
  t.deepEqual(of(rows, { rows: [0, 2] }), ['rows[1] must be an integer from 0 and below the number of rows, 2, got 2.']);
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
