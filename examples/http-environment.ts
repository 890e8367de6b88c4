// An environment behind a service: every reset and step is an HTTP request, which takes its own time to be answered. As many as there are environments
// are asked side by side, and the order in which they answer changes nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { discrete, type Environment, Trainer } from 'innate';

const CODES = 4;
const DOORS = 6;

/** The service: a visitor is told a code at the entrance, once, and asked for it at every door. It knows nothing of agents. */
const visitors = new Map<string, { readonly code: number; doors: number }>();
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const id = searchParams.get('visitor') ?? '';
  const answer = pathname === '/enter' ? enter(id, Number(searchParams.get('seed'))) : open(id, Number(searchParams.get('code')));
  // No two answers take equally long.
  setTimeout(() => response.end(JSON.stringify(answer)), Math.random() * 3);
});

function enter(id: string, seed: number): { code: number } {
  const code = seed % CODES;
  visitors.set(id, { code, doors: 0 });
  return { code };
}

function open(id: string, code: number): { opened: boolean; out: boolean } {
  const visitor = visitors.get(id) ?? { code: -1, doors: 0 };
  visitor.doors += 1;
  return { opened: visitor.code === code, out: visitor.doors === DOORS };
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return (await response.json()) as Answer;
}

/** What the agent sees is the code at the entrance, 1 to 4, and nothing at the doors, 0: it has to remember. */
function createVisit(visitor: number): Environment<number, number> {
  return {
    observationSpace: discrete(CODES + 1),
    actionSpace: discrete(CODES),
    algorithmOptions: { gamma: 0.5, gaeLambda: 0.5 },
    reset: async ({ random }) => {
      // All chance is the episode's: the service is told what to draw from.
      const { code } = await ask<{ code: number }>(`/enter?visitor=${visitor}&seed=${random.int(1_000_000)}`);
      return 1 + code;
    },
    step: async (code) => {
      const { opened, out } = await ask<{ opened: boolean; out: boolean }>(`/open?visitor=${visitor}&code=${code}`);
      return { observation: 0, reward: opened ? 1 / DOORS : 0, terminated: out, truncated: false };
    },
  };
}

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, steps: { type: 'string', default: '6144' } } });
const result = await Trainer.run([{ stage: 0, steps: Number(values.steps) }], {
  environment: createVisit,
  envCount: 32,
  rolloutSteps: 2 * DOORS,
  hiddenSize: 32,
  learningRate: 5e-3,
  seed: Number(values.seed),
  stepTimeout: 5000,
});
const { envSteps, seconds, agent } = result;
console.log(`\n${envSteps} requests answered and learned from in ${seconds.toFixed(1)} s`);
console.log(
  `Doors opened in fresh greedy visits: ${(100 * (result.stages[0]?.meanReturn ?? NaN)).toFixed(1)} %; at random ${100 / CODES} %`,
);
await agent.close();
server.close();
server.closeAllConnections();
