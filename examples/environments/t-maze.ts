// A sign at the start says which way to turn at the end of a corridor of fifty steps.
import { trainKnown } from './known.js';

await trainKnown('PassiveTMaze50', { steps: 300_000 });
