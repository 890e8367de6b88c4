// A pole on a cart, balanced by what is seen at each step.
import { trainKnown } from './known.js';

await trainKnown('CartPole-v1', { steps: 300_000 });
