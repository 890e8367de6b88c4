import test from 'ava';
import { addPrompts, areChecked, provePrompts } from '#dist/task/checked-prompts.js';

const sizes = { vocabSize: 5, stageCount: 2 };
const prompts = { contexts: Int32Array.of(4, 0), stages: Int32Array.of(1, 0) };

test('prompts are checked for a network that takes as many tokens and stages, or more', (t) => {
  const proved = provePrompts(prompts.contexts, prompts.stages, sizes);
  t.is(proved.contexts, prompts.contexts);
  t.is(proved.stages, prompts.stages);
  t.true(areChecked(proved, sizes));
  t.true(areChecked(proved, { vocabSize: 9, stageCount: 3 }));
  t.false(areChecked(proved, { vocabSize: 4, stageCount: 2 }));
  t.false(areChecked(proved, { vocabSize: 5, stageCount: 1 }));
});

test('the proof goes with a copy, and nothing else has it', (t) => {
  const proved = provePrompts(prompts.contexts, prompts.stages, sizes);
  t.true(areChecked({ ...proved, deterministic: true }, sizes));
  const rest = { deterministic: true };
  const input = addPrompts(proved, rest);
  t.true(Object.is(input, rest));
  t.deepEqual(input, { ...proved, deterministic: true });
  t.true(areChecked(input, sizes));
  t.deepEqual(Object.keys(proved), ['contexts', 'stages']);
  t.false(areChecked(prompts, sizes));
  t.false(areChecked(structuredClone(prompts), sizes));
});
