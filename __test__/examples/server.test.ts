import { copyFile, mkdir, readdir, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { Agent, arithmetic } from 'innate';
import { type Answer, DecisionServer } from '../../examples/server/serve.js';
import { inFolder } from '../support/folder.js';

const RELOADS = 100;
const CLIENTS = 4;
const AGENTS = 4;
const QUESTIONS = [
  [7, 3, 5, 2, 4],
  [9, 9, 1, 0, 6],
  [2, 8, 8, 5, 5],
];

const nameOf = (number: number) => `checkpoint-${String(number).padStart(6, '0')}-w1-${'0'.repeat(16)}.safetensors`;

/** The answers that the addon gives by itself to each question, of agents that give different ones; saved in the folder. */
async function makeAgents(folder: string): Promise<string[][]> {
  const batch = arithmetic.encode(
    QUESTIONS.map((operands) => ({ operands })),
    'multiply-add-subtract-product',
  );
  const answers: string[][] = [];
  for (let seed = 0; answers.length < AGENTS; seed += 1) {
    await using agent = await Agent.create({ task: arithmetic, seed, hiddenSize: 32 });
    const { actions } = await agent.act({ ...batch, deterministic: true });
    const programs = QUESTIONS.map((_, row) => {
      const tokens = Array.from(
        actions.subarray(arithmetic.horizon * row, arithmetic.horizon * (row + 1)),
        (token) => arithmetic.vocabulary[token] ?? '',
      );
      return tokens.slice(0, tokens.indexOf('[ANS]') + 1 || arithmetic.horizon).join(' ');
    });
    if (!answers.some(([first]) => first === programs[0])) {
      await agent.save(join(folder, `agent-${answers.length}`));
      answers.push(programs);
    }
  }
  return answers;
}

test(`no request is lost or answered wrongly during ${RELOADS} reloads under load`, async (t) => {
  await inFolder(async (home) => {
    const answers = await makeAgents(home);
    const folder = join(home, 'run');
    await mkdir(folder);
    const put = async (number: number, bytes?: number) => {
      await copyFile(join(home, `agent-${number % AGENTS}`), join(folder, '.written'));
      await (bytes === undefined ? undefined : truncate(join(folder, '.written'), bytes));
      await rename(join(folder, '.written'), join(folder, nameOf(number)));
    };
    await put(0);
    const refused: string[] = [];
    const server = await DecisionServer.start({ folder, every: 2, tell: (line) => line.startsWith('Does not') && refused.push(line) });
    let under = true;
    const wrong: string[] = [];
    const seen = new Set<string>();
    let answered = 0;
    const ask = async () => {
      for (let asked = 0; under; asked += 1) {
        const question = asked % QUESTIONS.length;
        const response = await fetch(`${server.url}/${QUESTIONS[question]?.join('/')}`);
        const { program, checkpoint } = (await response.json()) as Answer;
        const number = Number(/\d+/.exec(checkpoint)?.[0]);
        if (response.status !== 200 || program.join(' ') !== answers[number % AGENTS]?.[question]) {
          wrong.push(`${response.status} ${checkpoint}: ${program.join(' ')}`);
        }
        seen.add(checkpoint);
        answered += 1;
      }
    };
    const clients = Array.from({ length: CLIENTS }, ask);
    for (let number = 1; number <= RELOADS; number += 1) {
      if (number % 10 === 5) {
        // A torn file is newer than all there is, and is passed over.
        await put(1000 + number, 5000);
      }
      await put(number);
      while (!seen.has(nameOf(number))) {
        await wait(1);
      }
    }
    under = false;
    await Promise.all(clients);
    await server.close();
    t.deepEqual(wrong, []);
    t.is(server.reloads, RELOADS);
    t.is(seen.size, RELOADS + 1, 'each checkpoint has answered');
    t.is(refused.length, RELOADS / 10);
    t.log(`${answered} requests by ${CLIENTS} clients`);
  });
});

test('it answers before there is a checkpoint, and what is no question', async (t) => {
  await inFolder(async (folder) => {
    const server = await DecisionServer.start({ folder, every: 60_000 });
    t.is((await fetch(`${server.url}/7/3/5/2/4`)).status, 503);
    t.is((await fetch(`${server.url}/7/3/5/2`)).status, 400);
    t.deepEqual(await readdir(folder), []);
    await using agent = await Agent.create({ task: arithmetic, hiddenSize: 16 });
    await agent.save(join(folder, nameOf(1)));
    await server.look();
    t.is((await fetch(`${server.url}/7/3/5/2/4`)).status, 200);
    await server.close();
  });
});
