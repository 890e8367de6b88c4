import { isRecord } from '../util/kind.js';
import type { ImitationEvent, TrainingEvent, TrainingKind } from './events.js';

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : Name;

type AnyEvent = TrainingEvent<TrainingKind> | ImitationEvent;

type KeysIn<Event> = Event extends AnyEvent
  ? {
      [Group in keyof Event & string]-?: NonNullable<Event[Group]> extends readonly unknown[]
        ? never
        : NonNullable<Event[Group]> extends object
          ? `${Group}/${SnakeCase<keyof NonNullable<Event[Group]> & string>}`
          : never;
    }[keyof Event & string]
  : never;

/**
 * A number of an event by group and name, as a logger wants it: `episodeReturnMean` in the group `rollout` of an {@link IterationEvent} is
 * `rollout/episode_return_mean`. What each number means stands with the event's field. Success of a group is `rollout/success_rate/` and its name.
 */
export type MetricKey = KeysIn<AnyEvent> | `rollout/success_rate/${string}`;

/** Some metrics by key. */
export type Metrics = Readonly<Partial<Record<MetricKey, number>>>;

/**
 * An event's numbers by metric key, for a logger.
 *
 * @param event - Any event.
 * @returns The numbers of its groups; none for the begin and the end of a stage.
 */
export function eventMetrics(event: AnyEvent): Metrics {
  const metrics: Partial<Record<MetricKey, number>> = {};
  for (const [group, value] of Object.entries(event) as [string, unknown][]) {
    for (const [name, number] of isRecord(value) ? Object.entries(value) : []) {
      metrics[`${group}/${snakeCase(name)}` as MetricKey] = number as number;
    }
  }
  const { groups = [] } = event.type === 'iteration' ? event : {};
  for (const { group, successRate } of groups) {
    metrics[`rollout/success_rate/${group}`] = successRate;
  }
  return metrics;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
