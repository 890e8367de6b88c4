import test from 'ava';
import { arithmetic } from 'innate';
import { DEFAULT_UPDATE } from '#dist/algorithm/a2c.js';
import { makeNote, readNote, writeNote } from '#dist/checkpoint/note.js';

const NOTHING = {
  format: 1,
  task: undefined,
  vocabulary: undefined,
  stages: undefined,
  contextLength: undefined,
  update: DEFAULT_UPDATE,
} as const;

test('what is written is read again, no clipping among it', (t) => {
  const note = makeNote(arithmetic, { ...DEFAULT_UPDATE, maxGradNorm: Infinity, learningRate: 0.25 });
  t.deepEqual(readNote(writeNote(note)), note);
  t.deepEqual([note.task, note.contextLength, note.stages?.length], ['arithmetic', 6, 3]);
  t.not(note.vocabulary, arithmetic.vocabulary);
});

test('what is no record, or not of the type, is left out', (t) => {
  for (const text of ['', '{', 'null', '3', '[]', '{}']) {
    t.deepEqual(readNote(text), NOTHING, text);
  }
  const odd = { task: 3, vocabulary: ['a', 1], stages: 'x', contextLength: 0, update: { learningRate: -1, beta1: 0.5, extra: 1 } };
  t.deepEqual(readNote(JSON.stringify(odd)), { ...NOTHING, update: { ...DEFAULT_UPDATE, beta1: 0.5 } });
});
