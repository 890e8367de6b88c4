import { ActionEncoder } from '../../spaces/action-encoder.js';
import { layoutOf, type SpaceLayout } from '../../spaces/layout.js';
import { Misfit } from '../../spaces/misfit.js';
import { ObservationWriter } from '../../spaces/observation-writer.js';
import type { Spaces } from '../../spaces/plain.js';
import type { Issues } from '../../util/issues.js';
import { isArray, isRecord } from '../../util/kind.js';
import { show } from '../../util/show.js';
import { addUnknownKeys } from '../../util/value-reader.js';
import type { Demonstrations } from './demonstrations.js';

/** An episode to be imitated, from its begin: what was observed, and what was done about it. */
export interface ImitationEpisode {
  /** Observations, one before each action, as the environment gives them. */
  readonly observations: readonly unknown[];
  /** Actions, as the environment takes them; as many. */
  readonly actions: readonly unknown[];
  /**
   * What was allowed before each action, as the environment's `actionMask` says it.
   *
   * @defaultValue all was
   */
  readonly actionMasks?: readonly unknown[] | undefined;
}

const KEYS = new Set(['observations', 'actions', 'actionMasks']);

/** Steps of an episode, checked to be lists of one length. */
interface ReadEpisode {
  readonly issues: Issues;
  readonly observations: readonly unknown[];
  readonly actions: readonly unknown[];
  readonly masks: readonly unknown[] | undefined;
}

/**
 * Reads episodes and lays them out.
 *
 * @param given - What the caller passed.
 * @param spaces - What is observed and done.
 * @param issues - Where issues are added, at the episodes' own place.
 * @returns What is imitated, its numbers as they were observed; meaningful only when no issue was added.
 */
export function readEpisodes(given: unknown, spaces: Spaces, issues: Issues): Demonstrations | undefined {
  if (!isArray(given) || given.length === 0) {
    issues.add('', `must be a list of at least one episode, got ${show(given)}.`, 'Pass such as [{ observations, actions }].');
    return undefined;
  }
  const episodes = given.flatMap((episode: unknown, index) => readEpisode(episode, issues.at(`[${index}]`)) ?? []);
  if (issues.list.length > 0) {
    return undefined;
  }
  const layout: SpaceLayout = layoutOf(spaces.observationSpace);
  const codec = new ActionEncoder(spaces.actionSpace);
  const writer = new ObservationWriter(spaces.observationSpace);
  const count = episodes.length;
  const horizon = Math.max(...episodes.map(({ actions }) => actions.length));
  const cells = count * horizon;
  const dense = new Float32Array(cells * layout.dense);
  const discrete = new Int32Array(cells * layout.discrete.length);
  const masked = episodes.some(({ masks }) => masks !== undefined);
  const allowed = masked ? new Uint8Array(cells * codec.size).fill(1) : undefined;
  const actions = new Int32Array(cells);
  const weights = new Float32Array(cells);
  episodes.forEach((episode, row) => {
    for (let t = 0; t < episode.actions.length; t += 1) {
      const cell = row * horizon + t;
      fitted(episode.issues, `observations[${t}]`, () => writer.write(episode.observations[t], cell, dense, discrete));
      const action = fitted(episode.issues, `actions[${t}]`, () => codec.encode(episode.actions[t]));
      if (allowed !== undefined && episode.masks !== undefined) {
        fitted(episode.issues, `actionMasks[${t}]`, () => codec.writeMask(episode.masks?.[t], cell, allowed));
      }
      if (action !== undefined && allowed?.[cell * codec.size + action] === 0) {
        episode.issues.add(`actions[${t}]`, 'is masked: the agent never does it there.', 'Use actions that were allowed.');
      }
      actions[cell] = action ?? 0;
      weights[cell] = 1;
    }
  });
  const observed = {
    rows: count,
    discrete: layout.discrete.length === 0 ? undefined : discrete,
    dense: layout.dense === 0 ? undefined : dense,
    allowed,
  };
  const none = new Int32Array(0);
  return {
    count,
    shown: { contexts: none, contextLengths: undefined, contextValues: undefined, stages: none, actions, weights, observed },
    successRate: Number.NaN,
  };
}

function readEpisode(episode: unknown, issues: Issues): ReadEpisode | undefined {
  if (!isRecord(episode)) {
    issues.add('', `must be { observations, actions }, got ${show(episode)}.`, 'Pass what was observed and what was done.');
    return undefined;
  }
  addUnknownKeys(episode, KEYS, issues, { message: 'is no part of an episode.' });
  const { observations, actions, actionMasks: masks } = episode;
  if (!isArray(observations) || observations.length === 0) {
    issues.add('observations', `must be a list of at least one observation, got ${show(observations)}.`, 'Pass one a step.');
    return undefined;
  }
  for (const [key, list] of [
    ['actions', actions],
    ['actionMasks', masks],
  ] as const) {
    const absent = key === 'actionMasks' && list === undefined;
    if (!absent && (!isArray(list) || list.length !== observations.length)) {
      const got = isArray(list) ? `${list.length}` : show(list);
      issues.add(key, `must be a list of ${observations.length}, one an observation, got ${got}.`, 'Pass one a step.');
      return undefined;
    }
  }
  return { issues, observations, actions: actions as unknown[], masks: masks as unknown[] | undefined };
}

/** What `write` returns; an issue where it was given what does not fit. */
function fitted<T>(issues: Issues, path: string, write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (!Misfit.isInstance(error)) {
      throw error;
    }
    issues.add(path + error.path, error.message, error.remedy);
    return undefined;
  }
}

/**
 * @param of - Episodes.
 * @returns The numbers observed in them, `[steps, D]`, without what fills them up to one length.
 */
export function observedNumbers({ shown: { weights, observed } }: Demonstrations): Float32Array {
  const dense = observed?.dense ?? new Float32Array(0);
  const width = dense.length / weights.length;
  const steps = weights.reduce((sum, weight) => sum + weight, 0);
  const numbers = new Float32Array(steps * width);
  let at = 0;
  weights.forEach((weight, cell) => {
    if (weight > 0) {
      numbers.set(dense.subarray(cell * width, (cell + 1) * width), at);
      at += width;
    }
  });
  return numbers;
}
