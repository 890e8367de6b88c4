import { Agent } from 'innate';
import { echoTask } from './echo-task.js';

const [path = '', saves = '1'] = process.argv.slice(2);
const agent = await Agent.create({ task: echoTask(), hiddenSize: 8, threads: 1 });
process.stdout.write('ready\n');
for (let i = 0; i < Number(saves); i += 1) {
  await agent.save(path);
}
await agent.close();
