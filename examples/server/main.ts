// A server that answers while its agent is trained: it goes on to newer checkpoints as the run writes them, and loses no request over it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { arithmetic, Trainer } from 'innate';
import { type Answer, DecisionServer } from './serve.js';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '8080' },
    seed: { type: 'string', default: '1' },
    iterations: { type: 'string', default: '1500' },
  },
});

if (values.folder !== undefined) {
  // In use: another process trains with `checkpoint: { folder }`.
  const server = await DecisionServer.start({ folder: values.folder, port: Number(values.port), tell: console.log });
  console.log(`${server.url}/7/3/5/2/4 answers with a program for these digits. Ctrl-C ends it.`);
  process.once('SIGINT', () => void server.close());
} else {
  await show();
}

/** All in one process, to be looked at: trains, and asks the server meanwhile. */
async function show(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'innate-server-'));
  const trainer = await Trainer.create({
    task: arithmetic,
    seed: Number(values.seed),
    checkpoint: { folder, every: 100 },
    progress: false,
  });
  const stages = arithmetic.stages.map((stage) => ({ stage, maxIterations: Number(values.iterations) }));
  const run = trainer.run(stages);
  const server = await DecisionServer.start({ folder, every: 50, tell: console.log });
  let [trained, asked, early] = [false, 0, 0];
  let last: Answer | undefined;
  const ask = async () => {
    const response = await fetch(`${server.url}/7/3/5/2/4`);
    const answer = await response.json();
    asked += 1;
    if (response.ok) {
      last = answer as Answer;
    } else {
      early += 1;
    }
  };
  const done = run.then(() => {
    trained = true;
  });
  while (!trained) {
    await ask();
  }
  await done;
  await trainer.close();
  await server.look();
  await ask();
  console.log(`\n${asked} requests, ${early} of them before the first checkpoint, ${server.reloads} reloads`);
  console.log(`7 3 5 2 4: ${last?.program.join(' ')}`);
  await server.close();
  await rm(folder, { recursive: true });
}
