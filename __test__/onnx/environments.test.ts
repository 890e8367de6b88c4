import test from 'ava';
import { Agent, type EnvironmentFactory } from 'innate';
import * as builtIn from 'innate/environments';
import { episodeRandom } from '#dist/environment/episode-random.js';
import { vectorize } from '#dist/environment/vectorize.js';
import { distance } from '../support/weights.js';
import { exported, ROWS, RUNTIMES } from './support/runtimes.js';
import { shake } from './support/shaken.js';
import { judge, Stepping } from './support/stepping.js';

const WITHIN = 1e-5;
const SIZE = 7;

const ENVIRONMENTS: Readonly<Record<string, EnvironmentFactory>> = {
  autoencode: () => builtIn.autoencode(),
  'cart-pole': () => builtIn.cartPole(),
  'cart-pole, position': () => builtIn.cartPole({ observation: 'position' }),
  'count-recall': () => builtIn.countRecall(),
  'guess-number': () => builtIn.guessNumber(),
  'memory-len': () => builtIn.memoryLen(),
  'memory-size': () => builtIn.memorySize(),
  'multiarmed-bandit': () => builtIn.multiarmedBandit(),
  parity: () => builtIn.parity(),
  'passive-t-maze': () => builtIn.passiveTMaze(),
  'repeat-first': () => builtIn.repeatFirst(),
  'repeat-previous': () => builtIn.repeatPrevious(),
};

for (const runtime of RUNTIMES) {
  for (const [name, make] of Object.entries(ENVIRONMENTS)) {
    test.serial(`${runtime}, ${name}: the same episodes`, async (t) => {
      const vector = await vectorize(make, { size: SIZE });
      const { observationSpace, actionSpace } = await make(0, 1);
      await using agent = await Agent.create({ observationSpace, actionSpace, seed: 2, hiddenSize: 24 });
      await shake(agent);
      const step = await exported(runtime, agent);
      using session = await agent.session({ size: SIZE });
      const begun = new Int32Array(SIZE);
      await vector.reset((row) => {
        begun[row] = (begun[row] as number) + 1;
        return { random: episodeRandom(5, 0, row, begun[row] as number), stage: row % vector.stages.length };
      });
      const actions = vector.actionCount;
      // What stands in the states before an episode begins is not read.
      const state = { hidden_state: step.tensor(new Float32Array(SIZE * 24).fill(NaN), SIZE, 1, 24) };
      const stepping = new Stepping(step, SIZE, actions, { ...state, previous_action: step.tensor(new Int32Array(SIZE), SIZE) });
      const starts = new Uint8Array(SIZE).fill(1);
      let [largest, episodes, steps] = [0, 0, 0];
      // Every row ends some, and all together as many as are asked for.
      while (episodes < ROWS || starts.every((start) => start === 0)) {
        const observed = {
          dense: vector.layout.dense === 0 ? undefined : vector.dense,
          discrete: vector.layout.discrete.length === 0 ? undefined : vector.discrete,
          allowed: vector.masked ? vector.actionMask : undefined,
        };
        const native = session.advance(observed.dense, observed.discrete, observed.allowed, starts, true);
        const said = await stepping.step({ ...observed, starts });
        if (distance(said.actions, native.actions) !== 0) {
          t.deepEqual(said.actions, native.actions, `step ${steps}`);
        }
        const { logProbs, entropies } = judge(said.logits, native.actions);
        const differences = [
          distance(logProbs, native.logProbs),
          distance(entropies, native.entropies),
          distance(said.values, native.values),
        ];
        largest = Math.max(largest, ...differences);
        await vector.step(native.actions);
        for (let row = 0; row < SIZE; row += 1) {
          starts[row] = (vector.terminated[row] as number) | (vector.truncated[row] as number);
          episodes += starts[row] as number;
        }
        steps += 1;
      }
      t.true(largest <= WITHIN, `${largest}`);
      t.true(episodes > 0);
      t.log(`${episodes} episodes, ${steps * SIZE} steps, log-probabilities, entropies and values within ${largest.toExponential(1)}`);
      await step.release();
      await vector.close?.();
    });
  }
}
