import type { UpdateStats } from '../algorithm/a2c.js';

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

/** How programs of one stage did. */
export interface ProgramMetrics {
  /** Problems, of one stage, that the other numbers are over. */
  readonly problems: number;
  /** Share of the programs that met the stated target, 0 to 1. */
  readonly successRate: number;
  /** Mean return of the programs. */
  readonly episodeReturnMean: number;
}

/** How the sampled programs of the current stage did: the problems of earlier stages in the batch are not counted. */
export interface RolloutMetrics extends ProgramMetrics {
  /** Mean number of steps that count, 1 to `T`; see {@link Scores.lengths}. */
  readonly episodeLengthMean: number;
}

/** How far a run is and how fast it goes. */
export interface TimeMetrics {
  /** Iterations done in this run. */
  readonly iterations: number;
  /** Programs trained on in this run: iterations · batchSize. */
  readonly episodes: number;
  /** Programs trained on a second, lately, without evaluations and without the time a consumer of events takes. */
  readonly episodesPerSecond: number;
  /** Seconds since the run began. */
  readonly seconds: number;
}

/** Where in its curriculum a run is. */
export interface CurriculumMetrics {
  /** Stage id: of the stage that is trained, or of the one that was measured. */
  readonly stage: number;
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
  /** The programs that the agent sampled. */
  readonly rollout: RolloutMetrics;
  /** The update that was made of them. */
  readonly train: UpdateStats;
  /** How far the run is, and how fast. */
  readonly time: TimeMetrics;
  /** Where in the curriculum. */
  readonly curriculum: CurriculumMetrics;
}

/** A stage was measured with greedy programs on fresh problems. */
export interface EvaluationEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'evaluation';
  /** `progress`: on the way; `confirmation`: before a stage is left as mastered; `final`: of the finished run. */
  readonly purpose: 'progress' | 'confirmation' | 'final';
  /** The greedy programs. */
  readonly eval: ProgramMetrics;
  /** How far the run is. */
  readonly time: Pick<TimeMetrics, 'iterations'>;
  /** The stage that was measured. */
  readonly curriculum: CurriculumMetrics;
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

/**
 * What happens in a run, in order. Tell events apart by `type`. Numbers to be plotted stand in groups, `rollout`, `train`, `eval`, `time` and
 * `curriculum`, from which the metric keys follow; see {@link eventMetrics}.
 */
export type TrainingEvent = StageStartEvent | IterationEvent | EvaluationEvent | StageEndEvent;
