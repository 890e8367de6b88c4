import type { Metrics } from './keys.js';

/** Where in a run something happened. */
export interface RunPosition {
  /** Iterations done in this run. */
  readonly iteration: number;
  /** Place of the stage in the run, from 0. */
  readonly index: number;
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
}

/** A stage of the run begins. `iteration` is the number of iterations done before it. */
export interface StageStartEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'stage';
  /** Stages in the run. */
  readonly stageCount: number;
  /** Iterations that this stage takes at most. */
  readonly maxIterations: number;
}

/** One iteration is done: problems sampled, programs scored, network updated. */
export interface IterationEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'iteration';
  /** Iterations done in this stage, from 1. */
  readonly stageIteration: number;
  /** Problems of the batch that were of the current stage; `successRate`, `meanReturn` and `meanLength` are over these. */
  readonly problems: number;
  /** Share of the sampled programs of the current stage that met the stated target, 0 to 1. */
  readonly successRate: number;
  /** Mean return of the sampled programs of the current stage. */
  readonly meanReturn: number;
  /** Mean number of steps that count of the sampled programs of the current stage, 1 to `T`; see {@link Scores.lengths}. */
  readonly meanLength: number;
  /** Total loss before the step. */
  readonly loss: number;
  /** The policy's term; see {@link UpdateStats.policyLoss}. */
  readonly policyLoss: number;
  /** The value's term, before `valueCoef`; see {@link UpdateStats.valueLoss}. */
  readonly valueLoss: number;
  /** Mean entropy of the policy, nats. */
  readonly entropy: number;
  /** Global gradient norm before clipping. */
  readonly gradNorm: number;
  /** At most 1, and NaN when all returns are equal; see {@link UpdateStats.explainedVariance}. */
  readonly explainedVariance: number;
  /** Episodes in this run so far: iterations · batchSize. */
  readonly episodes: number;
  /** Programs trained on a second, lately, without evaluations and without the time a consumer of events takes. */
  readonly episodesPerSecond: number;
  /** Seconds since the run began. */
  readonly seconds: number;
}

/** A stage was measured with greedy programs on fresh problems. */
export interface EvaluationEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'evaluation';
  /** `progress`: on the way; `confirmation`: before a stage is left as mastered; `final`: of the finished run. */
  readonly purpose: 'progress' | 'confirmation' | 'final';
  /** Problems drawn. */
  readonly problems: number;
  /** Share whose stated target was met, 0 to 1. */
  readonly successRate: number;
  /** Mean return of those programs. */
  readonly meanReturn: number;
}

/** A stage of the run is done. */
export interface StageEndEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'stage-end';
  /** Iterations it took. */
  readonly stageIteration: number;
  /** `reached`: its target; `iterations`: its fixed number; `budget`: its `maxIterations` without the target. */
  readonly reason: 'reached' | 'iterations' | 'budget';
}

/** What happens in a run, in order. Tell events apart by `type`. */
export type TrainingEvent = StageStartEvent | IterationEvent | EvaluationEvent | StageEndEvent;

/**
 * An event's numbers by metric key, for a logger.
 *
 * @param event - Any event.
 * @returns The numbers it brings; none for the begin and the end of a stage.
 */
export function eventMetrics(event: TrainingEvent): Metrics {
  if (event.type === 'iteration') {
    return {
      'rollout/episode_return_mean': event.meanReturn,
      'rollout/episode_length_mean': event.meanLength,
      'rollout/success_rate': event.successRate,
      'train/loss': event.loss,
      'train/policy_loss': event.policyLoss,
      'train/value_loss': event.valueLoss,
      'train/entropy': event.entropy,
      'train/grad_norm': event.gradNorm,
      'train/explained_variance': event.explainedVariance,
      'time/iterations': event.iteration,
      'time/episodes_per_second': event.episodesPerSecond,
      'curriculum/stage': event.stage,
    };
  }
  if (event.type === 'evaluation') {
    return {
      'eval/success_rate': event.successRate,
      'eval/episode_return_mean': event.meanReturn,
      'time/iterations': event.iteration,
      'curriculum/stage': event.stage,
    };
  }
  return {};
}
