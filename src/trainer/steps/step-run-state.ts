import type { Agent } from '../../agent/agent.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { StepTimeMetrics } from '../../metrics/events.js';
import { RunState } from '../loop/run-state.js';
import type { PartialTrainingResult } from '../run/result.js';

/** How far a run in environments is. */
export class StepRunState extends RunState {
  /** Episodes that ended. */
  episodes = 0;
  readonly #iterationSteps: number;

  /**
   * @param plan - The run.
   * @param iterationSteps - Steps of an iteration, over all environments.
   */
  constructor(plan: readonly PlannedStage[], iterationSteps: number) {
    super(plan, iterationSteps);
    this.#iterationSteps = iterationSteps;
  }

  protected override get ended(): number {
    return this.episodes;
  }

  protected override set ended(episodes: number | undefined) {
    this.episodes = episodes ?? 0;
  }

  /** @returns How far the run is, and how fast. */
  stepTime(): StepTimeMetrics {
    const { iterations, episodes: envSteps, episodesPerSecond: envStepsPerSecond, seconds } = this.time();
    return { iterations, envSteps, envStepsPerSecond, episodes: this.episodes, seconds };
  }

  override result(agent: Agent, stopped: boolean): PartialTrainingResult & { readonly envSteps: number } {
    const { stages, ...rest } = super.result(agent, stopped);
    return {
      ...rest,
      stages: stages.map((stage) => ({ ...stage, steps: stage.iterations * this.#iterationSteps })),
      episodes: this.episodes,
      envSteps: rest.iterations * this.#iterationSteps,
    };
  }
}
