import type { LearnStats } from '../algorithm/learn.js';
import type { UpdateStats } from '../algorithm/objective.js';

/** What is trained on: a task, whose programs are scored, or environments, which are stepped. */
export type TrainingKind = 'task' | 'environment';

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

/** How the sampled programs of the current stage did on fresh problems: those of earlier stages in the batch, and those that came back, are not counted. */
export interface RolloutMetrics extends ProgramMetrics {
  /** Mean number of steps that count, 1 to `T`; see {@link Scores.lengths}. */
  readonly episodeLengthMean: number;
}

/** How programs for the problems of a group did; see {@link Task.group}. */
export interface GroupMetrics {
  /** The group's name. */
  readonly group: string;
  /** Problems of it. */
  readonly problems: number;
  /** Share of the programs that met the stated target, 0 to 1. */
  readonly successRate: number;
}

/** How episodes in environments of one stage did. */
export interface EpisodeMetrics {
  /** Episodes that ended, that the other numbers are over. */
  readonly episodes: number;
  /** Share of the episodes that reached their aim, among those that say, 0 to 1; NaN where none says. */
  readonly successRate: number;
  /** Mean return of the episodes, the sum of their rewards; NaN where none ended. */
  readonly episodeReturnMean: number;
  /** Mean number of steps of the episodes; NaN where none ended. */
  readonly episodeLengthMean: number;
}

/** How problems, or episodes, that failed came back in an iteration. */
export interface ReplayMetrics {
  /** Share of the iteration's programs that were for problems that came back, or of its episodes, 0 to below 1. The numbers of `rollout` are of the rest. */
  readonly share: number;
  /** Share of the places for failed problems that are taken, 0 to 1. */
  readonly fill: number;
  /** Mean score of those: 1 where they have just failed, towards 0 as they are solved; 0 where there are none. */
  readonly scoreMean: number;
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

/** How far a run in environments is and how fast it goes. */
export interface StepTimeMetrics {
  /** Iterations done in this run: a rollout and what was learned from it, each. */
  readonly iterations: number;
  /** Steps of environments trained on in this run: iterations · envCount · rolloutSteps. */
  readonly envSteps: number;
  /** The same a second, lately, learning included, without evaluations and without the time a consumer of events takes. */
  readonly envStepsPerSecond: number;
  /** Episodes that ended in this run, those of evaluations apart. */
  readonly episodes: number;
  /** Seconds since the run began. */
  readonly seconds: number;
}

/** Where in its curriculum a run is. */
export interface CurriculumMetrics {
  /** Stage id: of the stage that is trained, or of the one that was measured. */
  readonly stage: number;
}

/** One stage of a batch in which several are trained at once. */
export interface MixedStageMetrics {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** Share of the batches that it gets now, 0 to 1. */
  readonly share: number;
  /** Problems of it in the batch. */
  readonly problems: number;
  /** Share of these that were solved by sampled programs; NaN where there were none. */
  readonly successRate: number;
  /** Learning progress: by how much success changed from window to window, 0 to 1; NaN where it is not known. */
  readonly progress: number;
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

/** The groups of an iteration and of an evaluation, by what is trained on. */
export interface EventGroups {
  /** Of a task. */
  readonly task: {
    /** The sampled programs. */
    readonly rollout: RolloutMetrics;
    /** The update. */
    readonly train: UpdateStats;
    /** The greedy programs. */
    readonly eval: ProgramMetrics;
    /** How far a run is, and how fast. */
    readonly time: TimeMetrics;
    /** How far a run is. */
    readonly progress: Pick<TimeMetrics, 'iterations'>;
  };
  /** Of environments. */
  readonly environment: {
    /** The episodes that ended in a rollout. */
    readonly rollout: EpisodeMetrics;
    /** What was learned from it. */
    readonly train: LearnStats;
    /** The greedy episodes. */
    readonly eval: EpisodeMetrics;
    /** How far a run is, and how fast. */
    readonly time: StepTimeMetrics;
    /** How far a run is. */
    readonly progress: Pick<StepTimeMetrics, 'iterations' | 'envSteps'>;
  };
}

/**
 * One iteration is done: problems sampled, programs scored, network updated; or environments stepped, and the rollout learned from.
 *
 * @typeParam Kind - What is trained on.
 */
export interface IterationEvent<Kind extends TrainingKind = 'task'> extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'iteration';
  /** Iterations done in this stage, from 1. */
  readonly stageIteration: number;
  /** The programs that the agent sampled, or the episodes that ended in the rollout. */
  readonly rollout: EventGroups[Kind]['rollout'];
  /** What was learned from them. */
  readonly train: EventGroups[Kind]['train'];
  /**
   * How problems that failed came back.
   *
   * @defaultValue absent where they do not; see {@link TaskOptions.replay}
   */
  readonly replay?: ReplayMetrics;
  /** How far the run is, and how fast. */
  readonly time: EventGroups[Kind]['time'];
  /** Where in the curriculum. */
  readonly curriculum: CurriculumMetrics;
  /**
   * The stages of the batch, where several are trained at once. `stage` is then the one with most problems, and `rollout` is of all of them.
   *
   * @defaultValue absent where stages are trained in order
   */
  readonly mixture?: readonly MixedStageMetrics[];
  /**
   * How the sampled programs of the last 25 iterations of the stage did, by group, in the order of the groups' names.
   *
   * @defaultValue absent where nothing names groups
   */
  readonly groups?: readonly GroupMetrics[];
}

/**
 * A stage was measured with greedy programs on fresh problems, or with fresh greedy episodes.
 *
 * @typeParam Kind - What is trained on.
 */
export interface EvaluationEvent<Kind extends TrainingKind = 'task'> extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'evaluation';
  /** `progress`: on the way; `confirmation`: before a stage is left as mastered; `final`: of the finished run. */
  readonly purpose: 'progress' | 'confirmation' | 'final';
  /** The greedy programs or episodes. */
  readonly eval: EventGroups[Kind]['eval'];
  /** How far the run is. */
  readonly time: EventGroups[Kind]['progress'];
  /** The stage that was measured. */
  readonly curriculum: CurriculumMetrics;
}

/** How programs, or episodes, are learned by heart. */
export interface ImitationMetrics {
  /** Programs, or episodes, imitated. */
  readonly programs: number;
  /** Updates made so far. */
  readonly updates: number;
  /** Mean of −log π(a) over the steps of the last pass, each before the update it is part of, nats. */
  readonly loss: number;
  /** Global norm of the gradient before clipping, a mean over the updates of the last pass. */
  readonly gradNorm: number;
}

/** A pass of {@link Trainer.imitate} is done. */
export interface ImitationEvent {
  /** Tells this event from the others. */
  readonly type: 'imitation';
  /** Which pass, from 1. */
  readonly epoch: number;
  /** How many there are. */
  readonly epochs: number;
  /** How far it is. */
  readonly imitation: ImitationMetrics;
}

/**
 * Why a stage stands still. `no-variance`: all programs of a batch earn the same, so that nothing can be learned from them. `entropy-collapse`:
 * the policy has all but stopped trying anything else. `groups`: some groups of problems are not learned, while the others are. `nothing-found`:
 * right programs are hardly ever found. `unknown`: nothing that is measured says why.
 */
export type PlateauCause = 'no-variance' | 'entropy-collapse' | 'groups' | 'nothing-found' | 'unknown';

/**
 * A stage stands still below its target: neither sampled nor greedy success has improved for 400 iterations (160 in environments), or for half
 * of those of the stage, if that is more; or nothing that is sampled differs in what it earns. Said once, and again only where it has improved
 * meanwhile. Training goes on.
 */
export interface PlateauEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'plateau';
  /** Iterations done in this stage. */
  readonly stageIteration: number;
  /** Iteration of the stage from which on it has stood. */
  readonly since: number;
  /** Success where it stands, of greedy programs where some were measured, 0 to 1; NaN where nothing says what success is. */
  readonly successRate: number;
  /** Mean return where it stands. */
  readonly episodeReturnMean: number;
  /** Why, the surest first; at least one. */
  readonly causes: readonly PlateauCause[];
  /** The groups that stand, worst first; none where all do alike, or nothing names groups. */
  readonly groups: readonly GroupMetrics[];
  /** What stands, and why, in words. */
  readonly message: string;
  /** What usually helps. */
  readonly remedy: string;
}

/** A stage of the run is done. */
export interface StageEndEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'stage-end';
  /** Iterations it took. */
  readonly stageIteration: number;
  /**
   * `reached`: its target; `iterations`, `steps`: its fixed number; `budget`: its `maxIterations` or `maxSteps` without the target.
   */
  readonly reason: 'reached' | 'iterations' | 'steps' | 'budget';
}

/** A run that had been interrupted goes on: the first event of it then; see {@link Trainer.resume}. */
export interface ResumeEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'resume';
  /** The checkpoint that it goes on from. */
  readonly file: string;
  /** Events that the run had had by then: what a log has beyond so many did not happen, as far as this run is concerned. */
  readonly events: number;
}

/** A checkpoint was written. It says what the run was a little earlier: training went on meanwhile. */
export interface CheckpointEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'checkpoint';
  /** The file. */
  readonly file: string;
  /** Iterations of the run that were done when it was taken. */
  readonly of: number;
}

/**
 * What is wrong with a run that goes on all the same. `checkpoint-failed`: a checkpoint could not be written; said again only after one was.
 * `checkpoint-lost`: another process writes into the folder now. `checkpoint-damaged`: something in the folder is no good, and what came before it is
 * used. `not-exact`: what goes on is not to the bit what was interrupted.
 */
export type WarningCode = 'checkpoint-failed' | 'checkpoint-lost' | 'checkpoint-damaged' | 'not-exact';

/** Something is wrong with a run, which goes on. */
export interface WarningEvent extends RunPosition {
  /** Tells this event from the others. */
  readonly type: 'warning';
  /** What. */
  readonly code: WarningCode;
  /** The same in words. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * What happens in a run, in order. Tell events apart by `type`. Numbers to be plotted stand in groups, `rollout`, `train`, `replay`, `eval`, `time`
 * and `curriculum`, from which the metric keys follow; see {@link eventMetrics}.
 *
 * @typeParam Kind - What is trained on.
 */
export type TrainingEvent<Kind extends TrainingKind = 'task'> =
  | StageStartEvent
  | { [K in Kind]: IterationEvent<K> | EvaluationEvent<K> }[Kind]
  | PlateauEvent
  | StageEndEvent
  | ResumeEvent
  | CheckpointEvent
  | WarningEvent;
