// Name the suit of the first card, again and again, while others are dealt.
import { trainKnown } from './known.js';

await trainKnown('RepeatFirstEasy', { steps: 300_000 });
