import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Agent, Trainer } from 'innate';
import { memoryLen } from 'innate/environments';

/** A cue at the first step decides what is right at the last. */
const environment = () => memoryLen({ length: 3 });

test('with a memory the cue is remembered, and the twin without one guesses', async (t) => {
  const success = async (memory: boolean): Promise<number> => {
    await using trainer = await Trainer.create({ environment, memory, hiddenSize: 32, seed: 1, progress: false });
    await trainer.run([{ stage: 0, steps: 40_000 }]);
    t.is(trainer.agent.info.memory, memory);
    const [evaluation] = await trainer.evaluate({ episodes: 200 });
    return evaluation?.meanReturn ?? Number.NaN;
  };
  t.true((await success(true)) > 0.9);
  t.true(Math.abs(await success(false)) < 0.3, 'right as often as wrong');
});

test('a file keeps that there is none, and the file of a network with one does not mention it', async (t) => {
  const path = join(tmpdir(), `innate-memoryless-${process.pid}.safetensors`);
  for (const memory of [false, true]) {
    await using agent = await Agent.create({ seed: 1, hiddenSize: 8, memory });
    await agent.save(path);
    await using loaded = await Agent.load(path);
    t.is(loaded.info.memory, memory);
  }
});

test('every step of a program is decided by the prompt alone', async (t) => {
  await using agent = await Agent.create({ seed: 1, hiddenSize: 8, memory: false });
  const { values } = await agent.act({ contexts: Int32Array.of(1, 2, 3, 4, 5, 6), stages: Int32Array.of(0) });
  t.is(new Set(values.slice(1)).size, 1, 'whatever was done before');
  t.not(values[0], values[1], 'where the episode begins is observed');
});
