// Tickets by rules, one of which applies to one ticket in 27.
import { triage } from 'innate';
import { trainTask } from './known.js';

await trainTask(triage, 1500);
