// Agents, problems and trainers that are measured.
import {
  Agent,
  type AgentOptions,
  type Episodes,
  Random,
  type Task,
  Trainer,
  type TrainerOptions,
  type TrainingEvent,
  tutorial,
} from 'innate';
import type { Sizes } from './native.js';

/** The tutorial's task, each problem seeing its own context. */
export const task = tutorial.task({ context: 'own' });

/** What all peers of a run do alike; given to their processes as BENCH_BATCH, BENCH_STAGE and BENCH_THREADS. */
export const settings = {
  batchSize: Number(process.env['BENCH_BATCH'] ?? tutorial.settings.batchSize),
  stage: Number(process.env['BENCH_STAGE'] ?? 0),
  threads: Number(process.env['BENCH_THREADS'] ?? 2), // And processors, where the system can say which.
};

/** Golden vectors that peers begin with and are compared on. */
export const GOLDEN = `own_context_stage${settings.stage}`;

/** The tutorial's vocabulary and stages at any horizon; it is only asked for its sizes. */
export function sizedTask(horizon: number): Task {
  const { vocabulary, stages, startToken, sample, score, describe } = task;
  const updateOptions = tutorial.settings.updateOptions;
  return { name: `horizon ${horizon}`, vocabulary, stages, horizon, startToken, updateOptions, sample, score, describe } as Task;
}

/** An agent, and prompts with random returns for it. */
export async function sizedAgent(
  { batch, hidden, horizon }: Sizes,
  options: AgentOptions = {},
): Promise<{ readonly agent: Agent; readonly inputs: Omit<Episodes, 'actions'> }> {
  const agent = await Agent.create({ task: sizedTask(horizon), hiddenSize: hidden, seed: 1, ...options });
  const random = new Random(7);
  const contexts = Int32Array.from({ length: 4 * batch }, (_, i) => (i % 4 === 3 ? task.startToken : random.int(10)));
  const returns = Float32Array.from({ length: batch }, () => random.int(2));
  return { agent, inputs: { contexts, stages: new Int32Array(batch), returns } };
}

/** Problems of the tutorial with random programs, scored: inputs for an update without sampling. */
export function fixedEpisodes(count: number = tutorial.settings.batchSize, stage = 0): Episodes {
  const random = new Random(7);
  const batch = task.sample(new Int32Array(count).fill(stage), random);
  const actions = Int32Array.from({ length: count * task.horizon }, () => random.int(task.vocabulary.length));
  const returns = new Float32Array(count);
  task.score(batch, actions, { returns: returns, successes: new Uint8Array(count) });
  const { contexts, stages } = batch;
  return { contexts, stages, actions, returns };
}

/** One rollout and one update on it. Returns milliseconds. */
export async function timeIteration(agent: Agent, { contexts, stages, returns }: Omit<Episodes, 'actions'>): Promise<number> {
  const begun = performance.now();
  const { actions } = await agent.act({ contexts, stages });
  await agent.update({ contexts, stages, actions, returns });
  return performance.now() - begun;
}

/** The tutorial's numbers, silent, never measured on the way. */
export function tutorialOptions(options: TrainerOptions = {}): TrainerOptions {
  const { batchSize, hiddenSize } = tutorial.settings;
  return { task, batchSize, hiddenSize, seed: 1, evaluateEvery: Number.MAX_SAFE_INTEGER, progress: false, ...options };
}

/** Milliseconds between the events of iterations. */
class Clock {
  readonly took: number[] = [];
  #last = NaN;

  see({ type }: TrainingEvent): void {
    const now = performance.now();
    if (type === 'iteration') {
      this.took.push(now - this.#last);
    }
    this.#last = now;
  }
}

/** A trainer that says how long each of its iterations took: sample, act, score, update, report. */
export interface TimedTrainer {
  readonly trainer: Trainer;
  /** Trains without waiting for anyone: milliseconds of each iteration, the first from the begin of its stage. */
  free(iterations: number, stage?: number): Promise<number[]>;
  /** Asks for each event with `for await`, and the run waits in between: milliseconds between their arrivals. */
  pulled(iterations: number, stage?: number): Promise<number[]>;
}

/** A trainer with these options, added to the tutorial's. */
export async function timedTrainer(options: TrainerOptions = {}): Promise<TimedTrainer> {
  let clock = new Clock();
  const trainer = await Trainer.create(tutorialOptions({ ...options, progress: (event) => clock.see(event) }));
  const free = async (iterations: number, stage = 0): Promise<number[]> => {
    clock = new Clock();
    await trainer.run([{ stage, iterations }]);
    return clock.took;
  };
  const pulled = async (iterations: number, stage = 0): Promise<number[]> => {
    clock = new Clock();
    const arrivals = new Clock();
    for await (const event of trainer.run([{ stage, iterations }])) {
      arrivals.see(event);
    }
    return arrivals.took;
  };
  return { trainer, free, pulled };
}
