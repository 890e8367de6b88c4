// SCAN: commands in words, carried out action by action.
import { commands } from 'innate';
import { trainTask } from './known.js';

await trainTask(commands, 2000);
