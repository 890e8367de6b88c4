import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Agent, ClosedError, type UpdateStats } from 'innate';
import { threadCount } from '../support/threads.js';

const CHILD = fileURLToPath(new URL('../support/dropped-agents-child.js', import.meta.url));
const PROMPTS = { contexts: Int32Array.from({ length: 600 }, (_, i) => i % 10), stages: new Int32Array(100) };
const RETURNS = Float32Array.from({ length: 100 }, (_, i) => i % 2);
/** Longer than an idle agent keeps its thread. */
const IDLE_MS = 800;

interface Moment {
  readonly rss: number;
  readonly threads: number;
}

async function dropped(...args: readonly string[]): Promise<{ start: Moment; peak: number; idle: Moment; collected: Moment }> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args.slice(0, -2), CHILD, ...args.slice(-2)]);
  return JSON.parse(stdout);
}

/** Where the system says how many threads there are. */
function countsThreads(t: ExecutionContext): boolean {
  if (process.platform !== 'linux') {
    t.log(`threads are not counted on ${process.platform}`);
  }
  return process.platform === 'linux';
}

async function iterate(agent: Agent): Promise<UpdateStats> {
  const { actions } = await agent.act(PROMPTS);
  return agent.update({ ...PROMPTS, actions, returns: RETURNS });
}

test('120 agents that nobody closed: no thread when idle, no memory once collected', async (t) => {
  const { start, idle, collected } = await dropped('--expose-gc', '120', 'keep');
  const held = idle.rss - start.rss;
  t.true(held > 300, `held ${held} MB`);
  t.true(collected.rss - start.rss < held / 4, `${JSON.stringify({ start, idle, collected })}`);
  if (countsThreads(t)) {
    t.true(idle.threads <= start.threads, `${idle.threads} threads, ${start.threads} at the start`);
  }
});

test('V8 knows what agents hold, and collects the dropped ones by itself', async (t) => {
  const { start, peak } = await dropped('200', 'drop');
  t.true(peak - start.rss < 500, `${start.rss} MB at the start, ${peak} MB at the peak`);
});

// By itself: other agents have threads too.
test.serial('an idle agent has no thread and goes on with the same numbers', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 48, seed: 4, threads: 3 });
  await using twin = await Agent.create({ hiddenSize: 48, seed: 4, threads: 3 });
  const expected = [await iterate(twin), await iterate(twin), await iterate(twin)];
  const seen: UpdateStats[] = [];
  const before = threadCount();
  for (let i = 0; i < expected.length; i += 1) {
    seen.push(await iterate(agent));
    await wait(IDLE_MS);
    if (countsThreads(t)) {
      t.true(threadCount() <= before - 3, `${threadCount()} threads while idle, ${before} while the twin's were there`);
    }
  }
  t.deepEqual(seen, expected);
});

test('no call is lost or overtaken where a thread ends just as it comes', async (t) => {
  const agents = await Promise.all(Array.from({ length: 16 }, (_, seed) => Agent.create({ hiddenSize: 8, seed })));
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      agents.map(async (agent, i) => {
        await iterate(agent);
        // Around the half second that a thread waits.
        await wait(492 + i);
        const order: number[] = [];
        await Promise.all([0, 1, 2].map((call) => agent.act(PROMPTS).then(() => order.push(call))));
        t.deepEqual(order, [0, 1, 2]);
      }),
    );
  }
  await Promise.all(agents.map((agent) => agent.close()));
});

test('closing: idle, at work, twice, and before the first call', async (t) => {
  const [idle, busy, fresh] = await Promise.all([1, 2, 3].map((seed) => Agent.create({ hiddenSize: 48, seed })));
  await iterate(idle as Agent);
  await wait(IDLE_MS);
  const done: string[] = [];
  const work = Promise.all(['a', 'b', 'c'].map(async (name) => [await iterate(busy as Agent), done.push(name)]));
  await work.then(() => undefined);
  const last = (busy as Agent).act(PROMPTS).then(() => done.push('last'));
  const closed = [idle, busy, fresh].map((agent) => (agent as Agent).close());
  await (closed[1] as Promise<void>).then(() => done.push('closed'));
  await Promise.all([last, ...closed, (busy as Agent).close()]);
  t.deepEqual(done.slice(-2), ['last', 'closed']);
  for (const agent of [idle, busy, fresh] as Agent[]) {
    await t.throwsAsync(() => agent.act(PROMPTS), { instanceOf: ClosedError });
  }
});
