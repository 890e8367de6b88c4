import { readOptions } from '../../util/option-reader.js';
import type { EnvironmentFactory, VectorEnvironmentFactory } from '../environment.js';
import type { VectorEnvironment } from '../vector-environment.js';
import { vectorize } from '../vectorize.js';
import { checkStage } from './check-stage.js';
import { blame, Player } from './player.js';
import type { EnvironmentFinding, EnvironmentReport, EnvironmentStageReport } from './report.js';
import { type Watched, watching } from './watch.js';

/** Options of {@link checkEnvironment}. */
export interface CheckEnvironmentOptions {
  /**
   * Seed of the episodes and of the random actions.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * Episodes of random play in each stage, 1 to 2²⁰.
   *
   * @defaultValue 200
   */
  readonly episodes?: number | undefined;
  /**
   * Steps after which an episode is said not to end, 1 to 2²⁰.
   *
   * @defaultValue 1000
   */
  readonly maxSteps?: number | undefined;
  /**
   * Milliseconds that a step or a reset of an asynchronous environment may take, 1 to 2³¹ − 1.
   *
   * @defaultValue 10000
   */
  readonly stepTimeout?: number | undefined;
}

/**
 * Finds out before any training what an environment does wrong, and what may make it hard to learn: plays it at random, plays episodes again
 * in the same and in another environment, tries single actions and forbidden ones, and compares.
 *
 * Two environments are made, and closed in the end. Takes as long as some hundred episodes of each stage do.
 *
 * @param factory - What `environment` of a trainer would be.
 * @param options - See {@link CheckEnvironmentOptions}.
 * @returns The report; {@link formatEnvironmentCheck} prints it. What the environment throws is a finding in it.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export async function checkEnvironment(
  factory: EnvironmentFactory | VectorEnvironmentFactory,
  options: CheckEnvironmentOptions = {},
): Promise<EnvironmentReport> {
  const { stepTimeout, ...settings } = readOptions(options, (reader) => ({
    seed: reader.seed(),
    episodes: reader.count('episodes', 200),
    maxSteps: reader.count('maxSteps', 1000),
    stepTimeout: reader.number('stepTimeout', 10_000, { min: 1, max: 2 ** 31 - 1 }),
  }));
  const findings: EnvironmentFinding[] = [];
  const stages: EnvironmentStageReport[] = [];
  const vectors: VectorEnvironment[] = [];
  const watched = [0, 1].map((): Watched => ({ environment: undefined, reused: false })) as [Watched, Watched];
  const find = (message: string, remedy?: string): void => {
    findings.push({ code: 'invalid', severity: 'error', stage: undefined, message, remedy });
  };
  try {
    for (const each of watched) {
      vectors.push(await vectorize(watching(factory, each), { size: 1, stepTimeout }));
    }
    if (watched[0].environment !== undefined && watched[0].environment === watched[1].environment) {
      find(
        'two calls of the factory gave the same object: each row needs an episode of its own.',
        'Make a new one in each call: () => new Lift().',
      );
    } else {
      const players = vectors.map((vector) => new Player(vector, settings.seed, settings.maxSteps)) as [Player, Player];
      for (const [stage, name] of players[0].vector.stages.entries()) {
        const report = await checkStage({ ...settings, stage, name, players, watched: watched[0] }, findings);
        stages.push(...(report === undefined ? [] : [report]));
      }
    }
  } catch (error) {
    find(blame(error).message);
  }
  for (const vector of vectors) {
    try {
      await vector.close?.();
    } catch (error) {
      find(blame(error).message);
    }
  }
  if (watched.some(({ reused }) => reused)) {
    findings.push({
      code: 'observation-reused',
      severity: 'note',
      stage: undefined,
      message:
        'the same object is returned for one observation after the other. It is copied at once, so that this is safe here; code of your own may be misled.',
      remedy: undefined,
    });
  }
  const [{ layout, actionCount } = { layout: { dense: 0, discrete: [] }, actionCount: 0 }] = vectors;
  const usable = findings.every(({ severity }) => severity !== 'error');
  return { usable, numbers: layout.dense, ids: layout.discrete, actionCount, stages, findings };
}
