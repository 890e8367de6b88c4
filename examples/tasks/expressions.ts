// Infix expressions, products first, read in order.
import { expressions } from 'innate';
import { trainTask } from './known.js';

await trainTask(expressions, 1500);
