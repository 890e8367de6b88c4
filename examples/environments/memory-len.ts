// One bit, kept for ten steps.
import { trainKnown } from './known.js';

await trainKnown('memory_len', { steps: 100_000, hiddenSize: 64 });
