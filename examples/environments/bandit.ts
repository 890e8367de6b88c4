// Ten arms that pay by chances drawn anew each episode: to be found out, and then made use of.
import { trainKnown } from './known.js';

await trainKnown('MultiarmedBanditEasy', { steps: 400_000 });
