import test from 'ava';
import { box, discrete, type Environment, type ResetContext, type Step, Trainer, type TrainingEvent } from 'innate';
import { fails } from '../../support/failure.js';

interface Seen {
  readonly numbers: readonly number[];
  readonly sign: number;
}

/** Shows one of three signs, far from 0, and pays for naming it three steps later: nothing is paid before. */
class Signs implements Environment<Seen, number> {
  readonly observationSpace = { numbers: box({ shape: [2], low: -1000, high: 1000 }), sign: discrete(4) };
  readonly actionSpace = discrete(3);
  readonly #scale: number;
  #sign = 0;
  #t = 0;

  constructor(scale: number) {
    this.#scale = scale;
  }

  reset({ random }: ResetContext): Seen {
    this.#sign = random.int(3);
    this.#t = 0;
    return this.#seen();
  }

  step(action: number): Step<Seen> {
    this.#t += 1;
    const terminated = this.#t === 4;
    const success = terminated && action === this.#sign;
    return { observation: this.#seen(), reward: success ? 1 : 0, terminated, truncated: false, success };
  }

  #seen(): Seen {
    return observed(this.#sign, this.#t, this.#scale);
  }
}

const observed = (sign: number, t: number, scale = 1): Seen => ({ numbers: [(5 + t) * scale, -3 * scale], sign: t === 0 ? sign : 3 });

const episodesOf = (scale: number) =>
  [0, 1, 2].map((sign) => ({ observations: [0, 1, 2, 3].map((t) => observed(sign, t, scale)), actions: [0, 1, 0, sign] }));

const episodes = episodesOf(100);

const OPTIONS = { environment: () => new Signs(100), hiddenSize: 32, seed: 1, envCount: 8, rolloutSteps: 16, progress: false } as const;

for (const normalizeObservations of [true, false]) {
  test(`episodes are learned by heart, ${normalizeObservations ? 'normalized' : 'as they are'}`, async (t) => {
    const scale = normalizeObservations ? 100 : 0.1;
    await using trainer = await Trainer.create({ ...OPTIONS, environment: () => new Signs(scale), normalizeObservations });
    const { count, loss } = await trainer.imitate(episodesOf(scale), { updateEpochs: 150, learningRate: 1e-2 });
    t.is(count, 3);
    t.true(loss < 0.05, `${loss}`);
    const [measured] = await trainer.evaluate({ episodes: 30 });
    t.is(measured?.successRate, 1);
  });
}

test('the same beside PPO', async (t) => {
  const losses: number[] = [];
  const progress = (event: TrainingEvent<'environment'>) => event.type === 'iteration' && losses.push(event.train.imitationLoss ?? NaN);
  const options = { ...OPTIONS, progress, imitation: { programs: episodes, weight: 1 }, learningRate: 5e-3, entropyCoef: 0 };
  const { stages, agent } = await Trainer.run([{ stage: 0, steps: 40 * 8 * 16 }], options);
  t.true((losses[0] ?? 0) > 0.5 && (losses.at(-1) ?? 9) < 0.1, `${losses[0]} ${losses.at(-1)}`);
  t.is(stages[0]?.successRate, 1);
  await agent.close();
});

test('bad episodes are named with their place', async (t) => {
  await using trainer = await Trainer.create(OPTIONS);
  const good = episodes[0] as (typeof episodes)[number];
  const refused = async (given: unknown, path: string): Promise<void> => {
    await fails(t, () => trainer.imitate(given as never), { code: 'ERR_OPTIONS', path });
  };
  await refused([], 'episodes');
  await refused([3], 'episodes[0]');
  await refused([good, { ...good, rewards: [] }], 'episodes[1].rewards');
  await refused([{ ...good, observations: [] }], 'episodes[0].observations');
  await refused([{ ...good, actions: [0] }], 'episodes[0].actions');
  await refused([good, { ...good, actions: [0, 1, 2, 3] }], 'episodes[1].actions[3]');
  await refused([{ ...good, actionMasks: [[1, 1, 1]] }], 'episodes[0].actionMasks');
  await refused([{ ...good, actionMasks: good.actions.map(() => [0, 1, 1]) }], 'episodes[0].actions[0]');
  const far = { numbers: [0, 1e9], sign: 0 };
  await refused([{ ...good, observations: [...good.observations.slice(0, 3), far] }], 'episodes[0].observations[3].numbers[1]');
});
