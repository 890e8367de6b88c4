import { readFileSync } from 'node:fs';
import test from 'ava';
import { box, discrete, Agent as Native } from 'innate';
import { Agent, CheckpointError, InnateError } from 'innate/infer';
import { Random } from '#dist/util/random.js';
import { inFolder } from '../support/folder.js';

const FILES: Uint8Array[] = [];
/** Mutated files of each kind; more for a longer run. */
const COUNT = Number(process.env['INNATE_INFER_MUTATIONS'] ?? 3000);

test.before(async () => {
  const observationSpace = { a: box({ shape: [3], low: -1, high: 1 }), b: discrete(4) };
  const all = [
    { vocabulary: 5, stages: 2, horizon: 3, startToken: 4, network: { encoder: 'gru', attention: 'both', historyWindow: 3, clock: true } },
    {
      vocabulary: ['a', 'b', 'c'],
      stages: 1,
      horizon: 3,
      startToken: 2,
      actionMask: Uint8Array.of(1, 1, 0),
      pooling: 'batch',
      contextValues: true,
    },
    { observationSpace, actionSpace: discrete(3), layers: 2 },
  ];
  for (const options of all) {
    await using agent = await Native.create({ hiddenSize: 2, seed: 1, ...options } as never);
    await inFolder(async (folder) => {
      await agent.save(`${folder}/agent`);
      FILES.push(new Uint8Array(readFileSync(`${folder}/agent`)));
    });
  }
  FILES.push(new Uint8Array(readFileSync('__test__/golden/checkpoints/v1-masked.safetensors')));
});

/** Reads a file and uses what it says; the error, if it is refused. */
async function tryOut(bytes: Uint8Array): Promise<unknown> {
  try {
    const agent = await Agent.load(bytes);
    const { observationSpace, vocabSize, stageCount, contextLength = 2, observed } = agent.info;
    const session = await agent.session({ size: 2, seed: 1 });
    if (observationSpace === undefined && stageCount > 0) {
      const contexts = new Int32Array(2 * Math.min(contextLength, 50)).fill(vocabSize - 1);
      const contextValues = agent.info.contextValues ? new Float32Array(contexts.length).fill(1) : undefined;
      session.begin({ contexts, contextValues, stages: [0, stageCount - 1] });
    }
    for (let step = 0; step < 3; step += 1) {
      const observation = [
        { a: [0, 0, 0], b: 0 },
        { a: [0, 0, 0], b: 0 },
      ];
      session.step({ deterministic: step > 0, ...(observed.dense === 0 && observed.discrete.length === 0 ? {} : { observation }) });
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function header(bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return new TextDecoder().decode(bytes.subarray(8, 8 + length));
}

function withHeader(bytes: Uint8Array, text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const data = bytes.subarray(8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
  const file = new Uint8Array(8 + encoded.length + data.length);
  new DataView(file.buffer).setUint32(0, encoded.length, true);
  file.set(encoded, 8);
  file.set(data, 8 + encoded.length);
  return file;
}

test('files with changed, missing and added bytes: typed errors alone', async (t) => {
  const random = new Random(1);
  let refused = 0;
  for (const file of FILES) {
    t.is(await tryOut(file), undefined, 'as it was saved');
    for (let round = 0; round < COUNT; round += 1) {
      let bytes = file.slice();
      // Most of what can go wrong is in the header.
      const within = random.int(4) === 0 ? bytes.length : 8 + header(file).length;
      for (let change = random.int(4); change >= 0; change -= 1) {
        bytes[random.int(within)] = random.int(256);
      }
      if (random.int(4) === 0) {
        bytes = bytes.subarray(0, random.int(bytes.length + 1));
      }
      const error = await tryOut(bytes);
      if (error !== undefined) {
        refused += 1;
        if (!(error instanceof InnateError) || error.code === 'ERR_INTERNAL') {
          t.fail(`round ${round}: ${error}`);
        }
      }
    }
  }
  t.true(refused > COUNT, `${refused} refused`);
});

test('headers with changed numbers and names: typed errors alone, and no huge arrays', async (t) => {
  const random = new Random(2);
  const words = ['0', '-1', '1e9', '4294967296', '9007199254740993', '1048576', '1e400', 'null', '[]', '{}', 'true', '0.5', '"x"'];
  for (const file of FILES) {
    const text = header(file);
    const numbers = [...text.matchAll(/\d+/g)];
    for (let round = 0; round < COUNT; round += 1) {
      const { index, 0: digits } = numbers[random.int(numbers.length)] as RegExpExecArray;
      const word = words[random.int(words.length)] as string;
      const changed = withHeader(file, text.slice(0, index) + word + text.slice(index + digits.length));
      const error = await tryOut(changed);
      if (error !== undefined && (!(error instanceof InnateError) || error.code === 'ERR_INTERNAL')) {
        t.fail(`${word} for ${digits} at ${index}: ${error}`);
      }
    }
  }
  t.pass();
});

test('what is wrong is named', async (t) => {
  const file = FILES[0] as Uint8Array;
  const text = header(file);
  const cases: readonly [from: string | RegExp, to: string, path: string, message: RegExp][] = [
    ['"format":"innate"', '"format":"other"', 'file', /holds no innate agent/],
    ['"version":"2"', '"version":"3"', 'version', /newer release/],
    ['"pi.bias"', '"pi.bios"', 'pi.bias', /is missing/],
    [/("pi.bias":\{[^}]*)F32/, '$1F64', 'pi.bias', /dtype F32/],
    ['\\"hidden\\":2', '\\"hidden\\":3', '', /shape/],
    ['\\"clock\\"', '\\"watch\\"', 'model.inputs[1].kind', /watch.*newer release/],
    ['\\"layers\\":1', '\\"layers\\":1,\\"gates\\":4', 'model.gates', /newer release/],
    ['\\"horizon\\":3', '\\"horizon\\":0', 'horizon', /between 1 and/],
    ['\\"window\\":3', '\\"window\\":0', 'historyWindow', /between 1 and/],
    ['{"__', '["__', 'header', /no JSON/],
  ];
  for (const [from, to, path, message] of cases) {
    const changed = text.replace(from, to);
    t.not(changed, text, `${from}`);
    const error = await t.throwsAsync(Agent.load(withHeader(file, changed)), { instanceOf: CheckpointError, message }, `${from}`);
    t.true(path === '' || error?.path === path, `${error?.path}`);
  }
  const flipped = file.slice();
  new DataView(flipped.buffer).setFloat32(flipped.length - 4 * 3, Number.NaN, true);
  t.is(await tryOut(flipped), undefined, 'moments are not read');
  new DataView(flipped.buffer).setFloat32(8 + text.length, Number.NaN, true);
  t.is((await t.throwsAsync(Agent.load(flipped), { instanceOf: CheckpointError }))?.path, 'emb.weight');
});

test('a header that would fill the memory is refused before it is parsed, and spaces before they are made', async (t) => {
  const file = FILES[2] as Uint8Array;
  const lists = withHeader(file, `{"a":[${'[],'.repeat(2_000_000)}[]]}`);
  globalThis.gc?.();
  const before = process.memoryUsage();
  t.is((await t.throwsAsync(Agent.load(lists), { instanceOf: CheckpointError }))?.path, 'header');
  const after = process.memoryUsage();
  t.true(after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers < 4 * lists.length);
  const shape = header(file).replace(/shape(\\+")?:\[3\]/, (match) => match.replace('[3]', '[1048576]'));
  t.not(shape, header(file));
  t.is((await t.throwsAsync(Agent.load(withHeader(file, shape)), { instanceOf: CheckpointError }))?.path, 'note');
});
