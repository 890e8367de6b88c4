// The same pole, where half of the observations are left out: how it moved has to be remembered.
import { trainKnown } from './known.js';

await trainKnown('FlickeringCartPole', { steps: 400_000 });
