// A number from 1 to 7 in three guesses, each answered with HIGHER or LOWER.
import { trainKnown } from './known.js';

await trainKnown('GuessNumber7', { steps: 150_000, hiddenSize: 64 });
