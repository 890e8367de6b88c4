import { trainFifty } from './train-fifty.js';
import { digest } from './weights.js';

const agent = await trainFifty(Number(process.argv[2]), Number(process.argv[3]));
process.stdout.write(await digest(agent));
await agent.close();
