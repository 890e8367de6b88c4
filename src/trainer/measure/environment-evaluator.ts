import type { Agent } from '../../agent/agent.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import { EnvironmentError } from '../../errors/environment-error.js';
import type { Session } from '../../infer/session.js';
import type { EpisodeMetrics } from '../../metrics/events.js';
import { Breather } from '../steps/breather.js';
import type { EpisodeSource } from '../steps/episode-source.js';
import { EpisodeTally } from '../steps/episode-tally.js';

/** Steps after which an episode is taken for one that never ends. */
const MAX_EPISODE_STEPS = 100_000;

/** What is measured, and in what. */
export interface EpisodeSolver {
  readonly agent: Pick<Agent, 'session'>;
  /** The environments; each row is stepped until all rows are done. */
  readonly vector: VectorEnvironment;
  /** Where episodes come from. */
  readonly source: EpisodeSource;
  /** Asked on the way whether to go on: throws where not. */
  readonly check?: () => void;
}

/**
 * Measures an agent in fresh greedy episodes: the first ones of each row, as many in each as in any other or one less, so that short episodes do
 * not count for more.
 *
 * @param solver - Agent, environments, and the episodes' streams.
 * @param stage - Stage id.
 * @param episodes - How many.
 * @returns How they did.
 * @throws {@link EnvironmentError} when an environment fails, or an episode has not ended after 100,000 steps.
 */
export async function measureEpisodes(solver: EpisodeSolver, stage: number, episodes: number): Promise<EpisodeMetrics> {
  const { agent, vector, source, check } = solver;
  const rows = vector.size;
  const left = Int32Array.from({ length: rows }, (_, row) => Math.floor(episodes / rows) + (row < episodes % rows ? 1 : 0));
  const tally = new EpisodeTally(rows);
  const starts = new Uint8Array(rows).fill(1);
  const breather = new Breather();
  source.stage = stage;
  await vector.reset(source.next);
  const session = await agent.session({ size: rows });
  try {
    while (tally.episodes < episodes) {
      const pending = vector.step(choose(session, vector, starts));
      if (pending !== undefined) {
        await pending;
      }
      tally.add(vector, left);
      for (let row = 0; row < rows; row += 1) {
        starts[row] = (vector.terminated[row] as number) | (vector.truncated[row] as number);
      }
      if (breather.due) {
        await breather.breathe();
        check?.();
        refuseEndless(tally);
      }
    }
  } finally {
    session.close();
  }
  return tally.take();
}

function choose(session: Session, { layout, dense, discrete, actionMask, masked }: VectorEnvironment, starts: Uint8Array): Int32Array {
  const numbers = layout.dense === 0 ? undefined : dense;
  const ids = layout.discrete.length === 0 ? undefined : discrete;
  return session.advance(numbers, ids, masked ? actionMask : undefined, starts, true).actions;
}

function refuseEndless(tally: EpisodeTally): void {
  const { row, steps } = tally.longest();
  if (steps > MAX_EPISODE_STEPS) {
    const remedy = 'Say truncated: true after a number of steps.';
    throw new EnvironmentError(`has not ended its episode after ${steps} steps.`, { environment: row, step: steps, remedy });
  }
}
