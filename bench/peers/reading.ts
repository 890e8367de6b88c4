// This package as a peer on prompts that are read in order: a rollout and an update an iteration.
import { timeIteration } from '../lib/agents.js';
import { readingAgent, readingProblems } from '../lib/reading.js';
import { serve } from '../lib/serve.js';

const agent = await readingAgent();
const problems = readingProblems();

await serve('innate, reading', {
  run: async ({ iterations }) => {
    const milliseconds: number[] = [];
    for (let i = 0; i < Number(iterations); i += 1) {
      milliseconds.push(await timeIteration(agent, problems));
    }
    return { milliseconds };
  },
});
await agent.close();
