import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Agent, CheckpointError, type RunStages, Trainer, type TrainingEvent } from 'innate';
import { cartPole } from 'innate/environments';
import { disk } from '#dist/trainer/checkpoint/disk.js';
import { readManifest } from '#dist/trainer/checkpoint/manifest.js';
import { echoTask } from '../../support/echo-task.js';
import { inFolder } from '../../support/folder.js';
import { digest } from '../../support/weights.js';
import { create, RUNS, resume, untilKept } from './runs.js';

const run = RUNS['open loop, A2C'];
const stages = run.stages as RunStages;

/** A run that leaves a checkpoint after each iteration, up to an iteration, or to its end. */
async function leave(folder: string, upTo = Infinity, more: object = {}): Promise<{ digest: string; events: TrainingEvent[] }> {
  const events: TrainingEvent[] = [];
  const abort = new AbortController();
  const progress = async (event: TrainingEvent): Promise<void> => {
    events.push(event);
    if (event.type === 'iteration') {
      await untilKept(folder, event.iteration - 1);
      if (event.iteration === upTo) {
        abort.abort();
      }
    }
  };
  const trainer = await create(run, { checkpoint: { folder, every: 1, keepLast: 4, ...more }, progress });
  await trainer.run(stages, { signal: abort.signal }).catch((error: unknown) => {
    if (!abort.signal.aborted) {
      throw error;
    }
  });
  const of = await digest(trainer.agent);
  await trainer.close();
  return { digest: of, events };
}

const checkpoints = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.startsWith('checkpoint-')).sort();

async function goOn(folder: string, more: object = {}): Promise<{ digest: string; events: TrainingEvent[]; from: number | undefined }> {
  const events: TrainingEvent[] = [];
  const trainer = await resume(run, folder, { progress: (event: TrainingEvent) => void events.push(event), ...more });
  const from = trainer.resumed?.iteration;
  const { agent } = await trainer.run();
  const of = await digest(agent);
  await trainer.close();
  return { digest: of, events, from };
}

async function refused(t: ExecutionContext, promise: Promise<unknown>, path: string, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: CheckpointError });
  t.is(error?.path, path);
  t.regex(error?.message ?? '', message);
}

test.serial('an abort finishes the update, writes a checkpoint and ends; the run goes on from there', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    const part = await leave(join(folder, 'part'), 3);
    t.deepEqual(
      part.events.filter(({ type }) => type === 'iteration').map(({ iteration }) => iteration),
      [1, 2, 3],
    );
    const { digest: of, from } = await goOn(join(folder, 'part'));
    t.is(from, 3);
    t.is(of, whole.digest);
  });
});

test.serial('a run that is left, or whose trainer is closed, is kept', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    const trainer = await create(run, { checkpoint: { folder: join(folder, 'left') } });
    for await (const event of trainer.run(stages)) {
      if (event.type === 'iteration' && event.iteration === 2) {
        break;
      }
    }
    await trainer.close();
    const left = await goOn(join(folder, 'left'));
    t.is(left.from, 2);
    t.is(left.digest, whole.digest);
  });
});

test.serial('an abort within a measurement leaves it to be made again, with the same problems', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    for (const purpose of ['progress', 'confirmation', 'final'] as const) {
      const abort = new AbortController();
      const progress = (event: TrainingEvent): void => {
        if (event.type === 'evaluation' && event.purpose === purpose) {
          abort.abort();
        }
      };
      const trainer = await create(run, { checkpoint: { folder: join(folder, purpose) }, progress });
      await t.throwsAsync(trainer.run(stages, { signal: abort.signal }), { code: 'ERR_ABORTED' });
      await trainer.close();
      t.is((await goOn(join(folder, purpose))).digest, whole.digest, purpose);
    }
  });
});

test.serial('the list says what there is, the newest stay, and the best one beside them', async (t) => {
  await inFolder(async (folder) => {
    await leave(folder, Infinity, { keepLast: 2, keepBest: 'success_rate' });
    const manifest = readManifest(await readFile(join(folder, 'manifest.json'), 'utf8'));
    const listed = manifest?.checkpoints ?? [];
    t.deepEqual(
      listed.map(({ file }) => file),
      await checkpoints(folder),
    );
    t.true(listed.length === 2 || listed.length === 3);
    t.true(
      listed.every(
        ({ bytes, sha256, stage, metrics }) => bytes > 0 && sha256.length === 64 && stage !== '' && metrics.success_rate !== null,
      ),
    );
    t.is(listed.at(-1)?.iteration, 9);
    t.deepEqual(
      (await readdir(folder)).filter((file) => !file.startsWith('checkpoint-')),
      ['manifest.json'],
      'nothing else is left',
    );
  });
});

for (const [what, damage] of [
  ['cut', async (path: string) => truncate(path, 1000)],
  ['empty', async (path: string) => truncate(path, 0)],
  [
    'with a flipped bit',
    async (path: string) => {
      const bytes = await readFile(path);
      bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 4;
      await writeFile(path, bytes);
    },
  ],
] as const) {
  test.serial(`a newest checkpoint that is ${what} is found out and said, and the one before it is used`, async (t) => {
    await inFolder(async (folder) => {
      const whole = await leave(join(folder, 'whole'));
      const part = join(folder, 'part');
      await leave(part, 5);
      const newest = (await checkpoints(part)).at(-1) as string;
      await damage(join(part, newest));
      const { digest: of, events } = await goOn(part);
      t.is(of, whole.digest);
      const warning = events.find((event) => event.type === 'warning');
      t.true(warning?.type === 'warning' && warning.code === 'checkpoint-damaged' && warning.message.includes(newest));
      t.false(events.some((event) => event.type === 'warning' && event !== warning));
    });
  });
}

test.serial('a list that is cut, gone or of another folder costs nothing', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    for (const [name, text] of Object.entries({
      cut: '{"version":1,"tok',
      gone: undefined,
      other: '{"version":1,"token":99,"checkpoints":[]}',
    })) {
      const part = join(folder, name);
      await leave(part, 4);
      await (text === undefined ? rm(join(part, 'manifest.json')) : writeFile(join(part, 'manifest.json'), text));
      const { digest: of, from, events } = await goOn(part);
      t.is(from, 4, name);
      t.is(of, whole.digest, name);
      t.is(events.filter(({ type }) => type === 'warning').length, name === 'cut' ? 1 : 0);
    }
  });
});

test.serial('no clock is asked: it may be set back between two checkpoints', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    const part = join(folder, 'part');
    await leave(part, 4);
    const { now } = Date;
    Date.now = () => now() - 1e12;
    try {
      const again = await leave2(part);
      t.is(again, 6);
    } finally {
      Date.now = now;
    }
    t.is((await goOn(part)).digest, whole.digest);
  });

  /** Goes on for two iterations. */
  async function leave2(folder: string): Promise<number | undefined> {
    const abort = new AbortController();
    let last: number | undefined;
    const trainer = await resume(run, folder, {
      progress: (event: TrainingEvent) => {
        if (event.type === 'iteration') {
          last = event.iteration;
          if (event.iteration === 6) {
            abort.abort();
          }
        }
      },
    });
    await t.throwsAsync(trainer.run(undefined, { signal: abort.signal }), { code: 'ERR_ABORTED' });
    await trainer.close();
    return last;
  }
});

test.serial('a disk that is full is said once, training goes on, and it is tried again', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    const { write } = disk;
    const part = join(folder, 'part');
    let full = false;
    disk.write = async (path, bytes) => {
      if (full && path.startsWith(part)) {
        await write(path, bytes.slice(0, 100));
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      await write(path, bytes);
    };
    try {
      const events: TrainingEvent[] = [];
      const trainer = await create(run, {
        checkpoint: { folder: part, every: 1 },
        progress: async (event: TrainingEvent) => {
          events.push(event);
          if (event.type === 'iteration') {
            await untilKept(part, Math.min(event.iteration, 3) - 1);
            full = event.iteration >= 3;
          }
        },
      });
      const { agent } = await trainer.run(stages);
      t.is(await digest(agent), whole.digest);
      await trainer.close();
      const warnings = events.filter((event) => event.type === 'warning');
      t.deepEqual(
        warnings.map(({ code }) => code),
        ['checkpoint-failed'],
      );
      t.regex(warnings[0]?.message ?? '', /no space left/);
      t.deepEqual(
        (await readdir(part)).filter((file) => file.endsWith('.tmp')),
        [],
      );
    } finally {
      disk.write = write;
    }
    const { from, digest: of } = await goOn(part);
    t.true(from !== undefined && from >= 1 && from < 9, `${from}`);
    t.is(of, whole.digest, 'what was good is good');
  });
});

test.serial('a folder that cannot be written to is said, and a run in it goes on without checkpoints', async (t) => {
  await inFolder(async (folder) => {
    const whole = await leave(join(folder, 'whole'));
    const part = join(folder, 'part');
    await leave(part, 4);
    const { write } = disk;
    disk.write = async () => {
      throw Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS' });
    };
    try {
      const { digest: of, from, events } = await goOn(part);
      t.is(from, 4);
      t.is(of, whole.digest);
      t.deepEqual(
        events.flatMap((event) => (event.type === 'warning' ? [event.code] : [])),
        ['checkpoint-failed'],
      );
    } finally {
      disk.write = write;
    }
    t.is((await goOn(part)).digest, whole.digest, 'and nothing was lost');
  });
});

test.serial('a folder of another run, and one that has gone on, are not written over', async (t) => {
  await inFolder(async (folder) => {
    await leave(folder, 3);
    const other = await create(run, { checkpoint: { folder } });
    await refused(t, Promise.resolve(other.run(stages)), 'checkpoint.folder', /holds the checkpoints of another run.*Trainer\.resume/s);
    await other.close();
    const late = await resume(run, folder);
    await goOn(folder);
    await refused(t, Promise.resolve(late.run()), 'checkpoint.folder', /holds later checkpoints/);
    await late.close();
  });
});

test.serial('one run writes into a folder at a time', async (t) => {
  await inFolder(async (folder) => {
    await leave(folder, 3);
    const [first, second] = [await resume(run, folder), await resume(run, folder)];
    const running = first.run();
    for await (const _ of running) {
      await refused(t, Promise.resolve(second.run()), 'checkpoint.folder', /is being written by process \d+/);
      break;
    }
    await Promise.all([first.close(), second.close()]);
  });
});

test.serial('what a run was made for is compared by name', async (t) => {
  await inFolder(async (folder) => {
    const echo = echoTask();
    const own = { ...RUNS['open loop, A2C on whole programs'], again: { task: echo } };
    const trainer = await create(own, { checkpoint: { folder } });
    await trainer.run([{ stage: 0, iterations: 2 }]);
    await trainer.close();
    const cases: readonly [object, string, RegExp][] = [
      [{ task: { ...echo, name: 'other' } }, 'task.name', /'other', the run was made with 'echo'/],
      [{ task: { ...echo, stages: ['two', 'x'] } }, 'task.stages[1]', /'x'/],
      [{ batchSize: 17 }, 'batchSize', /17, the run was made with 16/],
      [{ seed: 4 }, 'seed', /4, the run was made with 3/],
      [{ learningRate: 1e-2 }, 'learningRate', /0\.01, the run was made with 0\.001/],
      [{ baseline: 'step' }, 'baseline', /'step', the run was made with 'program'/],
      [{ evaluateEvery: 5, maxIterations: 7 }, 'evaluateEvery', /maxIterations is 7, the run was made with 4000/],
    ];
    for (const [options, path, message] of cases) {
      await refused(t, resume(own, folder, options), path, message);
    }
    for (const [more, path] of [
      [{ vocabulary: ['a', 'b', 'c', 'e', 'go'] }, 'task.vocabulary[3]'],
      [{ horizon: 3 }, 'task.horizon'],
      [{ vocabulary: ['a', 'b', 'c', 'd', 'e', 'go'], startToken: 5, actionMask: undefined }, 'task.vocabulary.length'],
    ] as const) {
      const error = await t.throwsAsync(resume(own, folder, { task: { ...echo, ...more } }), { message: /made (for|with)/ });
      t.is((error as { path?: string }).path, path);
    }
    const environment = (): undefined => undefined;
    await t.throwsAsync(resume(own, folder, { hiddenSize: 9 }), {
      code: 'ERR_OPTIONS',
      message: /hiddenSize: is 9, the run was made with 8/,
    });
    await t.throwsAsync(Trainer.resume(folder, { environment } as never), { code: 'ERR_OPTIONS', message: /environment: is a function/ });
    await t.throwsAsync(resume(own, folder, { agent: {} }), { code: 'ERR_OPTIONS', message: /agent: cannot be given/ });
    await t.throwsAsync(resume(own, folder, { bachSize: 3 }), { code: 'ERR_OPTIONS', message: /bachSize/ });
    // What is the same may be said again.
    const again = await resume(own, folder, { batchSize: 16, seed: 3, hiddenSize: 8, threads: 2 });
    await again.close();
  });
});

test.serial('environments are compared by name', async (t) => {
  await inFolder(async (folder) => {
    const own = RUNS['environments, A2C'];
    const trainer = await create(own, { checkpoint: { folder } });
    await trainer.run([{ stage: 0, steps: 70 }] as unknown as RunStages);
    await trainer.close();
    const other = (more: object) => ({ environment: () => ({ ...cartPole(), ...more }) });
    for (const [options, path] of [
      [{ environment: () => cartPole({ observation: 'position' }) }, 'environment.observationSpace'],
      [other({ stages: ['one'] }), 'environment.stages[0]'],
      [other({ masked: true }), 'environment.masked'],
      [{ envCount: 4 }, 'envCount'],
      [{ rolloutSteps: 8 }, 'rolloutSteps'],
      [{ normalizeRewards: false }, 'normalizeRewards'],
      [{ gamma: 0.5 }, 'gamma'],
    ] as const) {
      const error = await t.throwsAsync(resume(own, folder, options), { message: /made (for|with)/ });
      t.is((error as { path?: string }).path, path);
    }
    await t.throwsAsync(Trainer.resume(folder), { code: 'ERR_OPTIONS', message: /environment: must be given/ });
  });
});

test.serial('a file without a run can be loaded, and says that it cannot be resumed', async (t) => {
  await inFolder(async (folder) => {
    const file = join(folder, 'agent.safetensors');
    const agent = await Agent.create({ hiddenSize: 8 });
    await agent.save(file);
    await agent.close();
    await refused(t, Trainer.resume(file), 'path', /no run that could be resumed.*Agent\.load/s);
    for (const version1 of ['v1-fresh', 'v1-masked', 'v1-batch-pooled']) {
      const golden = new URL(`../../../../__test__/golden/checkpoints/${version1}.safetensors`, import.meta.url);
      await refused(t, Trainer.resume(golden), 'path', /no run that could be resumed/);
      await (await Agent.load(golden)).close();
    }
    await refused(t, Trainer.resume(folder), 'path', /holds no checkpoint/);
    await refused(t, Trainer.resume(join(folder, 'nowhere')), 'path', /does not exist/);
    // An agent that goes on without its trainer leaves the run behind.
    await leave(join(folder, 'run'), 3);
    const [first = ''] = await checkpoints(join(folder, 'run'));
    const loaded = await Agent.load(join(folder, 'run', first));
    await loaded.save(file);
    await loaded.close();
    await refused(t, Trainer.resume(file), 'path', /no run that could be resumed/);
  });
});

test.serial('metadata of the caller comes back, from files and from checkpoints', async (t) => {
  await inFolder(async (folder) => {
    const file = join(folder, 'agent.safetensors');
    const metadata = { by: 'me', list: [1, null, true, { x: 'é' }] };
    const agent = await Agent.create({ hiddenSize: 8 });
    t.is(agent.metadata, undefined);
    await agent.save(file, { metadata });
    await agent.close();
    const loaded = await Agent.load(file);
    t.deepEqual(loaded.metadata, metadata);
    await loaded.save(file);
    await loaded.close();
    const again = await Agent.load(file);
    t.deepEqual(again.metadata, metadata, 'it is saved again');
    for (const [bad, path] of [
      [{ a: [1, Number.NaN] }, 'metadata.a[1]'],
      [{ f: () => 1 }, 'metadata.f'],
      [new Map(), 'metadata'],
    ] as const) {
      const error = await t.throwsAsync(again.save(file, { metadata: bad as never }), { code: 'ERR_INPUT' });
      t.is((error as { path?: string }).path, path);
    }
    await again.close();
    const trainer = await create(run, { checkpoint: { folder: join(folder, 'run') }, metadata: { of: 'a run' } });
    await trainer.run([{ stage: 0, iterations: 1 }]);
    await trainer.close();
    const resumed = await resume(run, join(folder, 'run'));
    t.deepEqual(resumed.agent.metadata, { of: 'a run' });
    await resumed.close();
  });
});

test.serial('a folder may be a URL, may be moved, and is written to as before', async (t) => {
  await inFolder(async (folder) => {
    const trainer = await create(run, { checkpoint: { folder: pathToFileURL(join(folder, 'first')), every: 2, keepLast: Infinity } });
    await trainer.run([{ stage: 0, iterations: 5 }]);
    await trainer.close();
    await rename(join(folder, 'first'), join(folder, 'second'));
    const before = await checkpoints(join(folder, 'second'));
    await goOn(join(folder, 'second/'));
    t.is((await checkpoints(join(folder, 'second'))).length, before.length + 1, 'the end is kept once more');
  });
});

test.serial('options of checkpoints are looked at', async (t) => {
  for (const [checkpoint, path] of [
    [true, 'checkpoint'],
    [{}, 'checkpoint.folder'],
    [{ folder: 3 }, 'checkpoint.folder'],
    [{ folder: 'x', every: 0 }, 'checkpoint.every'],
    [{ folder: 'x', keepLast: 0 }, 'checkpoint.keepLast'],
    [{ folder: 'x', keepBest: 'loss' }, 'checkpoint.keepBest'],
    [{ folder: 'x', evry: 3 }, 'checkpoint.evry'],
  ] as const) {
    const error = await t.throwsAsync(create(run, { checkpoint }), { code: 'ERR_OPTIONS' });
    t.is((error as { path?: string }).path, path);
  }
});
