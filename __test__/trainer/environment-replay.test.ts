import test from 'ava';
import {
  discrete,
  type Environment,
  type EnvironmentTrainerOptions,
  type ReplayMetrics,
  type ResetContext,
  type Step,
  Trainer,
} from 'innate';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

/** One step: the number shown is to be said. One episode in forty shows 1 or 2 instead of 0. */
class Echo implements Environment<number, number> {
  readonly observationSpace = discrete(3);
  readonly actionSpace = discrete(3);
  readonly #says: boolean;
  readonly #seen: number[];
  #shown = 0;

  constructor(says: boolean, seen: number[]) {
    this.#says = says;
    this.#seen = seen;
  }

  reset({ random }: ResetContext): number {
    this.#seen.push(random.uint32());
    this.#shown = random.int(40) === 0 ? 1 + random.int(2) : 0;
    return this.#shown;
  }

  step(action: number): Step<number> {
    const right = action === this.#shown;
    return {
      observation: this.#shown,
      reward: right ? 1 : 0,
      terminated: true,
      truncated: false,
      ...(this.#says ? { success: right } : {}),
    };
  }
}

interface Trained {
  readonly digest: string;
  readonly replay: readonly (ReplayMetrics | undefined)[];
  readonly episodes: readonly number[];
  readonly seen: readonly number[];
}

async function trained(options: Partial<EnvironmentTrainerOptions>, says = true): Promise<Trained> {
  const seen: number[] = [];
  const [replay, episodes]: [(ReplayMetrics | undefined)[], number[]] = [[], []];
  const { agent } = await Trainer.run([{ stage: 0, steps: 4096 }], {
    environment: () => new Echo(says, seen),
    envCount: 8,
    rolloutSteps: 64,
    hiddenSize: 16,
    seed: 2,
    ...options,
    progress: (event) => {
      if (event.type === 'iteration') {
        replay.push(event.replay);
        episodes.push(event.rollout.episodes);
      }
    },
  } as EnvironmentTrainerOptions);
  const result = { digest: await digest(agent), replay, episodes, seen };
  await agent.close();
  return result;
}

for (const says of [true, false]) {
  test(`episodes that ${says ? 'missed their aim' : 'earned little'} come back, by seed alone`, async (t) => {
    const one = await trained({ replay: { share: 0.5, size: 64 }, threads: 1 }, says);
    const two = await trained({ replay: { share: 0.5, size: 64 }, threads: 2 }, says);
    t.is(two.digest, one.digest);
    t.deepEqual(two.seen, one.seen);
    t.not((await trained({ threads: 1 }, says)).digest, one.digest);
    const last = one.replay.at(-1);
    t.true((last?.share ?? 0) > 0.4 && (last?.share ?? 1) < 0.6, `${last?.share}`);
    t.true((last?.fill ?? 0) > 0);
    // What is said of a rollout is said of fresh episodes.
    t.is(one.episodes.at(-1), Math.round(512 * (1 - (last?.share ?? 0))));
  });
}

test('by default every episode is fresh, and has a stream of its own', async (t) => {
  const { replay, episodes, seen } = await trained({});
  t.true(replay.every((each) => each === undefined));
  t.true(episodes.every((count) => count === 512));
  t.is(new Set(seen).size, seen.length);
});

test('wrong options are named', async (t) => {
  for (const [replay, path] of [
    [true, 'replay'],
    [{ share: 1 }, 'replay.share'],
    [{ randomStep: 0.5 }, 'replay.randomStep'],
  ] as const) {
    const options = { environment: () => new Echo(true, []), progress: false, replay };
    await fails(t, () => Trainer.create(options as never), { code: 'ERR_OPTIONS', path });
  }
});
