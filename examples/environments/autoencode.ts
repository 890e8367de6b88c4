// A whole deck, named backwards from memory.
import { trainKnown } from './known.js';

await trainKnown('AutoencodeEasy', { steps: 3_000_000 });
