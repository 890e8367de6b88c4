import { readFile } from 'node:fs/promises';
import type { Agent, Session, SessionStepOptions } from 'innate';
import { Agent as Read } from 'innate/infer';
import type { BuiltInEnvironment } from '#dist/builtin/shared/built-in-environment.js';
import { ActionCodec } from '#dist/spaces/action-codec.js';
import type { Spaces } from '#dist/spaces/plain.js';
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
  /** Those of them in which the addon itself finds the two actions as probable: their log π differ by less than 1e-6. */
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

/** What a step is taken by; `only` has rows that may choose between two actions alone. */
type Take = (session: Session, only: ReadonlyMap<number, readonly number[]>) => ReturnType<Session['step']>;

const NONE: ReadonlyMap<number, readonly number[]> = new Map();

/** 1 for each of some places. */
function hot(length: number, places: readonly number[]): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => (places.includes(place) ? 1 : 0));
}

/** Steps both sessions, and says in which rows they differ. */
export class Pair {
  readonly result: Compared = { compared: 0, different: 0, ties: 0, steps: 0, distance: 0 };
  readonly #native: Session;
  readonly #pure: Session;
  /** The addon's again, a step behind: where actions differ, it says how probable both are. */
  readonly #judge: Session | undefined;
  #apart = new Set<number>();

  private constructor(native: Session, pure: Session, judge: Session | undefined) {
    this.#native = native;
    this.#pure = pure;
    this.#judge = judge;
  }

  static async of(native: Agent, pure: Pick<Read, 'session'>, size: number, judged = false): Promise<Pair> {
    const options = { size, seed: 7 };
    return new Pair(await native.session(options), await pure.session(options), judged ? await native.session(options) : undefined);
  }

  each(use: (session: Session) => void): void {
    use(this.#native);
    use(this.#pure);
    if (this.#judge !== undefined) {
      use(this.#judge);
    }
  }

  /** One step of both, of the rows that are not over; the native one's actions. */
  step(options: SessionStepOptions | Take, over?: Uint8Array): Int32Array {
    const take: Take = typeof options === 'function' ? options : (session) => session.step(options);
    const a = take(this.#native, NONE);
    const b = take(this.#pure, NONE);
    const only = new Map<number, readonly number[]>();
    for (let row = 0; row < a.actions.length; row += 1) {
      if (over?.[row] !== 1 && !this.#apart.has(row)) {
        const parts = [a.logProbs, b.logProbs, a.entropies, b.entropies, a.values, b.values] as const;
        this.result.steps += 1;
        if (a.actions[row] !== b.actions[row]) {
          this.#apart.add(row);
          only.set(row, [a.actions[row] as number, b.actions[row] as number]);
        } else {
          const distances = [0, 2, 4].map((at) => Math.abs((parts[at]?.[row] ?? Number.NaN) - (parts[at + 1]?.[row] ?? Number.NaN)));
          this.result.distance = Math.max(this.result.distance, ...distances);
        }
      }
    }
    if (this.#judge !== undefined) {
      const { logProbs } = take(this.#judge, only);
      for (const row of only.keys()) {
        // The more probable one of two has p = 1 / (1 + e^-d), where d is by how much log π differs.
        this.result.ties += -Math.log(Math.exp(-(logProbs[row] ?? Number.NaN)) - 1) < 1e-6 ? 1 : 0;
      }
      this.#judge.feed(a.actions);
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
  const pair = await Pair.of(native, pure, size, deterministic);
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
      const actions = pair.step((session, only) => {
        const masks = only.size === 0 ? allowed : (allowed?.slice() ?? new Uint8Array(rows * task.vocabulary.length).fill(1));
        for (const [row, both] of only) {
          masks?.set(hot(task.vocabulary.length, both), row * task.vocabulary.length);
        }
        return session.advance(undefined, symbols, masks, undefined, deterministic);
      }, episodes?.ended);
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
  const pair = await Pair.of(native, pure, size, deterministic);
  const { actionSpace } = create();
  const environments = Array.from({ length: size }, create);
  for (let first = 0; first < count; first += size) {
    pair.each((session) => session.reset());
    const over = new Uint8Array(size);
    const observations = environments.map((environment, row) => environment.reset({ random: new Random(first + row), stage: 0 }));
    while (over.includes(0)) {
      const actions = pair.step((session, only) => {
        const masks = environments.map((_environment, row) => maskOf(actionSpace, only.get(row)));
        return session.step({
          observation: size === 1 ? observations[0] : observations,
          deterministic,
          actionMask: size === 1 ? masks[0] : masks,
        });
      }, over);
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

/** A mask of a row's two actions; of a multi-discrete space, of their components. */
function maskOf(space: Spaces['actionSpace'], ids: readonly number[] | undefined): Uint8Array | undefined {
  if (ids === undefined) {
    return undefined;
  }
  const codec = new ActionCodec(space);
  const actions = ids.map((id) => [codec.decode(id)].flat() as number[]);
  return Uint8Array.from(
    codec.sizes.flatMap((size, part) => [
      ...hot(
        size,
        actions.map((action) => action[part] as number),
      ),
    ]),
  );
}
