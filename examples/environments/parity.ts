// Whether the ones among up to sixteen bits were even or odd in number.
import { trainKnown } from './known.js';

await trainKnown('Parity16', { steps: 700_000 });
