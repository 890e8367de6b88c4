// Some numbers, and what is to be made of them.
import { countdown } from 'innate';
import { trainTask } from './known.js';

await trainTask(countdown, 3000);
