import { readFile } from 'node:fs/promises';
import type { Agent, Session, SessionStepOptions } from 'innate';
import { Agent as Read } from 'innate/infer';
import type { BuiltInEnvironment } from '#dist/builtin/shared/built-in-environment.js';
import { checkedSample, promptsOf } from '#dist/task/checked.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import type { Task } from '#dist/task/task.js';
import { Random } from '#dist/util/random.js';
import { inFolder } from '../../support/folder.js';

/** What two agents of the same file made of the same prompts or episodes. */
export interface Compared {
  /** Programs or episodes. */
  compared: number;
  /** Those in which an action differs. */
  different: number;
  /** Those of them in which the two actions are as probable, within 1e-6. */
  ties: number;
  steps: number;
  /** Largest difference of log π(a), of entropies and of values, of steps before actions differ. */
  distance: number;
}

/** The file of an agent, read without the addon. */
export async function readBack(agent: Agent): Promise<Read> {
  let read: Read | undefined;
  await inFolder(async (folder) => {
    await agent.save(`${folder}/agent`);
    read = await Read.load(await readFile(`${folder}/agent`));
  });
  return read as Read;
}

/** Steps both sessions, and says in which rows they differ. */
export class Pair {
  readonly result: Compared = { compared: 0, different: 0, ties: 0, steps: 0, distance: 0 };
  readonly #native: Session;
  readonly #pure: Session;
  #apart = new Set<number>();

  private constructor(native: Session, pure: Session) {
    this.#native = native;
    this.#pure = pure;
  }

  static async of(native: Agent, pure: Pick<Read, 'session'>, size: number, seed = 7): Promise<Pair> {
    return new Pair(await native.session({ size, seed }), await pure.session({ size, seed }));
  }

  each(use: (session: Session) => void): void {
    use(this.#native);
    use(this.#pure);
  }

  /** One step of both, of the rows that are not over; the native one's actions. */
  step(options: SessionStepOptions | ((session: Session) => ReturnType<Session['step']>), over?: Uint8Array): Int32Array {
    const take = typeof options === 'function' ? options : (session: Session) => session.step(options);
    const a = take(this.#native);
    const b = take(this.#pure);
    for (let row = 0; row < a.actions.length; row += 1) {
      if (over?.[row] !== 1 && !this.#apart.has(row)) {
        const parts = [a.logProbs, b.logProbs, a.entropies, b.entropies, a.values, b.values] as const;
        this.result.steps += 1;
        if (a.actions[row] !== b.actions[row]) {
          this.#apart.add(row);
          this.result.ties += Math.abs((a.logProbs[row] ?? Number.NaN) - (b.logProbs[row] ?? Number.NaN)) <= 1e-6 ? 1 : 0;
        } else {
          const distances = [0, 2, 4].map((at) => Math.abs((parts[at]?.[row] ?? Number.NaN) - (parts[at + 1]?.[row] ?? Number.NaN)));
          this.result.distance = Math.max(this.result.distance, ...distances);
        }
      }
    }
    return a.actions;
  }

  /** Counts so many episodes as compared; later steps are of others. */
  count(episodes: number): void {
    this.result.compared += episodes;
    this.result.different += this.#apart.size;
    this.#apart = new Set();
  }

  /** Whether a row has gone another way since episodes were counted last. */
  isApart(row: number): boolean {
    return this.#apart.has(row);
  }
}

/** Programs for so many problems of a task, in open loop or answered, by both. */
export async function comparePrograms(native: Agent, pure: Read, task: Task, count: number, deterministic = true): Promise<Compared> {
  const size = Math.min(count, 250);
  const pair = await Pair.of(native, pure, size);
  const random = new Random(11);
  for (let first = 0; first < count; first += size) {
    const rows = Math.min(size, count - first);
    const batch = checkedSample(
      task,
      Int32Array.from({ length: rows }, (_, row) => (first + row) % task.stages.length),
      random,
    );
    pair.each((session) => session.begin(promptsOf(task, batch)));
    const episodes = task.interaction === undefined ? undefined : checkedBegin(task, batch);
    for (let step = 0; step < task.horizon && episodes?.ended.includes(0) !== false; step += 1) {
      const { heard, allowed } = episodes ?? {};
      const symbols = heard === undefined || heard.length === 0 ? undefined : heard;
      const actions = pair.step((session) => session.advance(undefined, symbols, allowed, undefined, deterministic), episodes?.ended);
      episodes?.step(actions);
    }
    pair.count(rows);
  }
  return pair.result;
}

/** So many episodes of an environment, 50 side by side, by both. */
export async function compareEpisodes(
  native: Agent,
  pure: Read,
  create: () => BuiltInEnvironment<number | readonly number[]>,
  count: number,
  deterministic = true,
): Promise<Compared> {
  const size = Math.min(count, 50);
  const pair = await Pair.of(native, pure, size);
  const environments = Array.from({ length: size }, create);
  for (let first = 0; first < count; first += size) {
    pair.each((session) => session.reset());
    const over = new Uint8Array(size);
    const observations = environments.map((environment, row) => environment.reset({ random: new Random(first + row), stage: 0 }));
    while (over.includes(0)) {
      const actions = pair.step({ observation: size === 1 ? observations[0] : observations, deterministic }, over);
      for (const [row, environment] of environments.entries()) {
        if (over[row] === 0) {
          const { observation, terminated, truncated } = environment.step(actions[row] ?? -1);
          observations[row] = observation;
          over[row] = terminated || truncated ? 1 : 0;
        }
      }
    }
    pair.count(size);
  }
  return pair.result;
}
