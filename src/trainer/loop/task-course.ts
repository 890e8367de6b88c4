import { Agent } from '../../agent/agent.js';
import { planRun, type RunPlan } from '../../curriculum/curriculum.js';
import { Mixture } from '../../curriculum/mixture.js';
import { type PlannedStage, resolveStage, type StageNames } from '../../curriculum/stage-spec.js';
import type { CurriculumState } from '../../curriculum/state.js';
import { ClosedError } from '../../errors/closed-error.js';
import { OptionsError } from '../../errors/options-error.js';
import type { TrainingEvent } from '../../metrics/events.js';
import { groupingOf } from '../../task/groups.js';
import type { Task } from '../../task/task.js';
import { Issues } from '../../util/issues.js';
import { COUNT } from '../../util/number-rule.js';
import { OptionReader, readOptions } from '../../util/option-reader.js';
import { Random, type RandomState, STREAMS } from '../../util/random.js';
import { describeTask } from '../checkpoint/made-for.js';
import type { KeptState, RunSetup } from '../checkpoint/trainer-state.js';
import { Replay, type ReplayState } from '../collect/replay.js';
import type { KeepingConfig, ProgressOption } from '../common-options.js';
import type { Course } from '../course.js';
import { demonstrate } from '../imitate/demonstrate.js';
import type { DeckState, Demonstrations } from '../imitate/demonstrations.js';
import { Imitation, type ImitationResult, type ImitationWatch, imitate, readImitateOptions } from '../imitate/imitation.js';
import { readPrograms } from '../imitate/programs.js';
import { diagnose, readDiagnoseOptions } from '../measure/diagnose.js';
import type { Diagnosis } from '../measure/diagnosis.js';
import { evaluationOf, groupEvaluationsOf } from '../measure/estimates.js';
import type { StageEvaluation } from '../measure/evaluate.js';
import { readEvaluateOptions } from '../measure/evaluate-options.js';
import { type Explanation, explainStage } from '../measure/explain.js';
import { survey } from '../measure/survey.js';
import { readTrainerOptions, type TrainerConfig } from '../options.js';
import type { RunWatch } from '../run/run-control.js';
import { FINAL_PROBLEMS, type LoopState, TrainingLoop } from './training-loop.js';

/** What goes on from run to run. Plain data. */
interface TaskCourseState {
  readonly problems: RandomState;
  readonly evaluation: RandomState;
  readonly minibatches: RandomState;
  readonly onDemand: RandomState;
  readonly explanation: RandomState;
  readonly samples: RandomState;
  readonly imitation: RandomState;
  readonly imitated: DeckState | undefined;
  readonly replay: ReplayState | undefined;
}

/** Training on a task: its options, its agent, and the streams that its problems come from. */
export class TaskCourse implements Course<'task'> {
  readonly agent: Agent;
  readonly lent: boolean;
  readonly task: Task;
  readonly progress: ProgressOption<'task'>;
  readonly signal: AbortSignal | undefined;
  readonly #config: TrainerConfig;
  readonly #problemRandom: Random;
  readonly #evaluationRandom: Random;
  readonly #minibatchRandom: Random;
  readonly #onDemandRandom: Random;
  /** Problems that failed, whatever run they are of. */
  readonly #replay: Replay | undefined;
  readonly #explanationRandom: Random;
  readonly #sampleRandom: Random;
  readonly #imitationRandom: Random;
  readonly #imitation: Imitation | undefined;
  readonly keeping: KeepingConfig;
  readonly described: Pick<RunSetup, 'madeFor' | 'settings'>;
  /** The last run, and its stages. */
  #loop: TrainingLoop | undefined;
  #plan: readonly PlannedStage[] = [];

  private constructor(config: TrainerConfig, agent: Agent, imitated: Demonstrations | undefined, lent: boolean) {
    const { task, seed } = config.agentConfig;
    this.agent = agent;
    this.lent = lent;
    this.task = task;
    this.progress = config.progress;
    this.signal = config.signal;
    this.#config = config;
    this.#problemRandom = new Random(seed, STREAMS.training);
    this.#evaluationRandom = new Random(seed, STREAMS.evaluation);
    this.#replay = config.replay === undefined ? undefined : new Replay(config.replay, seed);
    this.#minibatchRandom = new Random(seed, STREAMS.minibatches);
    this.#onDemandRandom = new Random(seed, STREAMS.onDemand);
    this.#explanationRandom = new Random(seed, STREAMS.explanation);
    this.#sampleRandom = new Random(seed, STREAMS.measuredPrograms);
    this.#imitationRandom = new Random(seed, STREAMS.imitation);
    const { imitation } = config;
    this.keeping = config.keeping;
    this.described = { madeFor: describeTask(task), settings: settingsOf(config, agent, imitated?.count) };
    this.#imitation = imitation && imitated && new Imitation(imitated, imitation, this.#imitationRandom);
  }

  /**
   * @param reader - Over what the caller passed.
   * @param stages - Stages to be trained, if there are any: what is wrong with them is said together with what is wrong with the options.
   * @param resumed - Whether the agent is the course's own.
   * @returns The course.
   */
  static async make(reader: OptionReader, stages: unknown, resumed = false): Promise<TaskCourse> {
    const { issues } = reader;
    const config = readTrainerOptions(reader);
    reader.finish();
    const { task, seed, network, runtime, update } = config.agentConfig;
    if (stages !== undefined) {
      planRun(stages, { ...stageNamesOf(task), maxIterations: config.maxIterations }, issues);
    }
    issues.throwIfAny(OptionsError);
    const imitated = config.imitation && readDemonstrations(config.imitation.programs, task, seed, issues.at('imitation.programs'));
    issues.throwIfAny(OptionsError);
    if (config.agent?.closed === true) {
      throw new ClosedError('agent');
    }
    const agent = config.agent ?? (await Agent.create({ task, seed, network, ...runtime, ...update }));
    return new TaskCourse(config, agent, imitated, config.agent !== undefined && !resumed);
  }

  plan(stages: unknown, issues: Issues): RunPlan {
    return planRun(stages, { ...stageNamesOf(this.task), maxIterations: this.#config.maxIterations }, issues);
  }

  getState(): TaskCourseState {
    return {
      problems: this.#problemRandom.getState(),
      evaluation: this.#evaluationRandom.getState(),
      minibatches: this.#minibatchRandom.getState(),
      onDemand: this.#onDemandRandom.getState(),
      explanation: this.#explanationRandom.getState(),
      samples: this.#sampleRandom.getState(),
      imitation: this.#imitationRandom.getState(),
      imitated: this.#imitation?.getState(),
      replay: this.#replay?.getState(),
    };
  }

  setState(course: unknown, run: KeptState): void {
    const state = course as TaskCourseState;
    const { streams } = (run as LoopState & KeptState).practice;
    // A batch that was drawn ahead is drawn again.
    this.#problemRandom.setState(streams.problems);
    this.#evaluationRandom.setState(state.evaluation);
    this.#minibatchRandom.setState(state.minibatches);
    this.#onDemandRandom.setState(state.onDemand);
    this.#explanationRandom.setState(state.explanation);
    this.#sampleRandom.setState(state.samples);
    this.#imitationRandom.setState(state.imitation);
    if (state.imitated !== undefined) {
      this.#imitation?.setState(state.imitated);
    }
    if (this.#replay !== undefined && state.replay !== undefined) {
      this.#replay.setState({ ...state.replay, random: streams.replay ?? state.replay.random });
    }
  }

  begin({ stages: plan, mixture }: RunPlan, watch: RunWatch<TrainingEvent>, resume?: CurriculumState, from?: KeptState): TrainingLoop {
    const { batchSize, rehearsal, evaluateEvery, evaluationProblems, update, schedules, algorithm } = this.#config;
    this.#plan = plan;
    this.#loop = new TrainingLoop({
      task: this.task,
      agent: this.agent,
      update,
      schedules,
      passes: algorithm?.passes,
      reference: algorithm?.reference,
      minibatchRandom: this.#minibatchRandom,
      imitation: this.#imitation,
      plan,
      mixture: mixture === undefined ? undefined : new Mixture(mixture),
      resume,
      from: from as (LoopState & KeptState) | undefined,
      batchSize,
      rehearsal,
      replay: this.#replay,
      evaluateEvery,
      evaluationProblems,
      problemRandom: this.#problemRandom,
      evaluationRandom: this.#evaluationRandom,
      ...watch,
    });
    return this.#loop;
  }

  async evaluate(options: unknown): Promise<StageEvaluation[]> {
    const { task } = this;
    const { ids, groupBy, passAt, ...plan } = readOptions(options, (reader) =>
      readEvaluateOptions(reader, stageNamesOf(task), FINAL_PROBLEMS),
    );
    const grouping = groupingOf(task, groupBy);
    const evaluations: StageEvaluation[] = [];
    for (const stage of ids) {
      const random = this.#onDemandRandom;
      const found = await survey(this, { ...plan, stage, grouping, random, sampleRandom: this.#sampleRandom });
      const groups = groupEvaluationsOf(found, passAt);
      evaluations.push({
        stage,
        name: task.stages[stage] ?? '',
        split: task.splits === true ? plan.split : undefined,
        ...evaluationOf(found, passAt),
        ...(groups === undefined ? {} : { groups }),
      });
    }
    return evaluations;
  }

  async explain(stage: unknown, count: number): Promise<Explanation[]> {
    const issues = new Issues();
    const id = resolveStage(stage, stageNamesOf(this.task), issues.at('stage'));
    issues.number('count', count, COUNT, 'Pass how many problems to explain.');
    issues.throwIfAny(OptionsError);
    return explainStage(this, id, count, this.#explanationRandom);
  }

  async imitate(given: unknown, options: unknown, watch: ImitationWatch): Promise<ImitationResult> {
    const { agent, task } = this;
    const issues = new Issues();
    const reader = new OptionReader(options, issues);
    const config = readImitateOptions(reader, agent.info.update, this.progress === true);
    reader.finish();
    const demonstrations = readDemonstrations(given, task, this.#config.agentConfig.seed, issues.at('programs'));
    issues.throwIfAny(OptionsError);
    return imitate({ agent, demonstrations: demonstrations as Demonstrations, config, random: this.#imitationRandom, ...watch });
  }

  async diagnose(options: unknown): Promise<Diagnosis> {
    const config = readOptions(options, (reader) => readDiagnoseOptions(reader, stageNamesOf(this.task)));
    const targetOf = (stage: number) => this.#plan.findLast((entry) => entry.stage === stage)?.target.successRate;
    const { task, agent } = this;
    return diagnose(
      { task, agent, seed: this.#config.agentConfig.seed, run: this.#loop?.progress, replays: this.#replay !== undefined, targetOf },
      config,
    );
  }

  async close(): Promise<void> {
    // A task holds nothing.
  }
}

function readDemonstrations(given: unknown, task: Task, seed: number, issues: Issues): Demonstrations | undefined {
  const programs = readPrograms(given, task, seed, issues);
  return issues.list.length > 0 ? undefined : demonstrate(task, programs, issues);
}

/** Options as they decide what is learned, by the names that callers give them. */
function settingsOf(config: TrainerConfig, agent: Agent, imitated: number | undefined): Readonly<Record<string, unknown>> {
  const { batchSize, rehearsal, replay, evaluateEvery, evaluationProblems, maxIterations, schedules, algorithm, imitation, update } =
    config;
  const { baseline, ...coefficients } = { ...(update ?? agent.info.update), ...schedules };
  return {
    seed: config.agentConfig.seed,
    batchSize,
    rehearsal,
    replay,
    evaluateEvery,
    evaluationProblems,
    maxIterations,
    ...(algorithm === undefined ? { algorithm: 'a2c', baseline, ...coefficients } : algorithm.passes),
    reference: Agent.isInstance(algorithm?.reference) ? 'another agent' : algorithm?.reference,
    imitation: imitation && { weight: imitation.weight, batchSize: imitation.batchSize, programs: imitated },
  };
}

function stageNamesOf({ name, stages }: Task): StageNames {
  return { taskName: name, stageNames: stages };
}
