// How many cards of a kind there have been.
import { trainKnown } from './known.js';

await trainKnown('CountRecallEasy', { steps: 3_000_000 });
