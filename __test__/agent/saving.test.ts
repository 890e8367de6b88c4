import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Agent, CheckpointError } from 'innate';
import { device } from '../support/device.js';
import { echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

const CHILD = fileURLToPath(new URL('../support/saving-child.js', import.meta.url));

async function withAgent(use: (agent: Agent, folder: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'innate-saving-')));
  await using agent = await Agent.create({ device, task: echoTask(), hiddenSize: 8 });
  try {
    await use(agent, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function inWorkingFolder(folder: string, work: () => Promise<void>): Promise<void> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await work();
  } finally {
    process.chdir(before);
  }
}

const NO_FILE: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['no text', ''],
  ['a number', 3],
  ['a buffer', Buffer.from('agent.safetensors')],
  ['an array', ['agent.safetensors']],
  ['an object', { path: 'agent.safetensors' }],
  ['a zero character', 'agent\0.safetensors'],
  ["a folder's path", 'agent/'],
  ['the working folder', '.'],
  ['the folder above', 'agent/..'],
  ['the URL of a page', new URL('https://example.org/agent.safetensors')],
  ['a data URL', new URL('data:,agent')],
  ["the URL of a host's file", new URL('file://host/agent.safetensors')],
  ['a URL with a slash in a name', new URL('file:///tmp/a%2Fb')],
  ['a URL with a zero character', new URL('file:///tmp/a%00b')],
  ['a URL that is not UTF-8', new URL('file:///tmp/%E0%A4')],
  ["a folder's URL", new URL('file:///tmp/')],
  ['a URL of another implementation', { href: 'ftp://host/agent' }],
];

test.serial('what is no path of a file is refused by both, before anything else', async (t) => {
  await withAgent(async (agent, folder) => {
    await inWorkingFolder(folder, async () => {
      for (const [, path] of NO_FILE) {
        await fails(t, () => agent.save(path as string), { code: 'ERR_INPUT', path: 'path', name: 'InputError' });
        await fails(t, () => Agent.load(path as string), { code: 'ERR_OPTIONS', path: 'path', name: 'OptionsError' });
      }
    });
    t.deepEqual(await readdir(folder), []);
  });
});

test.serial('a relative path counts from the working folder at the time of the call', async (t) => {
  await withAgent(async (agent, folder) => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await Promise.all([mkdir(first), mkdir(second)]);
    await inWorkingFolder(first, async () => {
      const before = agent.act({ contexts: new Int32Array(4096), stages: new Int32Array(4096) });
      const saved = agent.save('agent.safetensors');
      process.chdir(second);
      await Promise.all([before, saved]);
      t.deepEqual(await readdir(first), ['agent.safetensors']);
      process.chdir(first);
      const loaded = Agent.load('agent.safetensors');
      process.chdir(second);
      await (await loaded).close();
    });
    t.deepEqual(await readdir(second), []);
  });
});

test.serial('without a working folder, a relative path is refused and an absolute one is not', async (t) => {
  await withAgent(async (agent, folder) => {
    const gone = join(folder, 'gone');
    await mkdir(gone);
    await inWorkingFolder(gone, async () => {
      await rmdir(gone);
      const error = await fails(t, () => agent.save('agent.safetensors'), { code: 'ERR_INPUT', path: 'path' });
      t.regex(error.message, /working folder is gone.*absolute/);
      await agent.save(join(folder, 'agent.safetensors'));
    });
    t.deepEqual(await readdir(folder), ['agent.safetensors']);
  });
});

test.serial('URLs of files, of any implementation, and names of any characters', async (t) => {
  await withAgent(async (agent, folder) => {
    const path = join(folder, 'ä b%41\n\u001f€.safetensors');
    const url = pathToFileURL(path);
    for (const form of [path, url, { href: url.href }]) {
      await agent.save(form as string);
      await using loaded = await Agent.load(form as string, { device });
      t.is(await digest(loaded), await digest(agent));
      t.deepEqual(await readdir(folder), [path.slice(folder.length + 1)]);
      await rm(path);
      const error = await t.throwsAsync(Agent.load(form as string), { instanceOf: CheckpointError });
      t.true(error.message.includes('it does not exist'), error.message);
    }
  });
});

test.serial('what cannot be written or read says why and what helps, and leaves what was there', async (t) => {
  await withAgent(async (agent, folder) => {
    const refused = async (work: Promise<unknown>, path: string, remedy: RegExp): Promise<void> => {
      const error = await t.throwsAsync(work, { instanceOf: CheckpointError, code: 'ERR_CHECKPOINT' });
      t.is(error.path, path);
      t.regex(error.remedy ?? '', remedy);
      t.true(error.message.startsWith(`${path}: `) && error.message.endsWith(error.remedy ?? 'none'), error.message);
    };
    const path = join(folder, 'agent.safetensors');
    await agent.save(path);
    const bytes = await readFile(path);
    await refused(agent.save(join(folder, 'none', 'agent')), join(folder, 'none', 'agent'), /Make the folder/);
    await refused(agent.save(folder), folder, /path of a file/);
    await refused(agent.save(join(path, 'agent')), join(path, 'agent'), /is a file/);
    await refused(agent.save(join(folder, 'n'.repeat(300))), join(folder, 'n'.repeat(300)), /shorter/);
    await refused(Agent.load(folder), folder, /path of a file/);
    await refused(Agent.load(join(folder, 'none')), join(folder, 'none'), /Check the path/);
    const damaged = join(folder, 'damaged');
    for (const content of [bytes.subarray(0, 100), bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.from('no checkpoint')]) {
      await writeFile(damaged, content);
      await refused(Agent.load(damaged), damaged, /complete and unchanged/);
    }
    const counter = Buffer.from(bytes.toString('latin1').replace('"rollouts":"0"', '"rollouts":"9007199254740992"'), 'latin1');
    counter.writeBigUInt64LE(counter.readBigUInt64LE(0) + 15n);
    await writeFile(damaged, counter);
    await refused(Agent.load(damaged), damaged, /unchanged/);
    t.deepEqual(await readFile(path), bytes);
    t.deepEqual((await readdir(folder)).sort(), ['agent.safetensors', 'damaged']);
  });
});

async function started(path: string, saves: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, path, String(saves)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function checkWhole(t: ExecutionContext, path: string, agent: Agent): Promise<void> {
  await using loaded = await Agent.load(path, { device });
  t.is(await digest(loaded), await digest(agent));
}

// The processes of crates/innate-core/tests/checkpoint do this many times more often.
test.serial('two processes save to one path, and others are killed while they do', async (t) => {
  await withAgent(async (agent, folder) => {
    const path = join(folder, 'agent.safetensors');
    const children = await Promise.all([started(path, 100), started(path, 100)]);
    const codes = await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))[0]));
    t.deepEqual(codes, [0, 0]);
    t.deepEqual(await readdir(folder), ['agent.safetensors']);
    for (let kill = 0; kill < 5; kill += 1) {
      const child = await started(path, 1e9);
      await setTimeout(3 + 2 * kill);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await checkWhole(t, path, agent);
      await agent.save(path);
      t.deepEqual(await readdir(folder), ['agent.safetensors']);
    }
  });
});
