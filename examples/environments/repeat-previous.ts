// Name the suit of the card seen three steps ago.
import { trainKnown } from './known.js';

await trainKnown('RepeatPreviousEasy', { steps: 350_000 });
