import type { RunStages, TrainerOptions } from './course.js';

/** A configuration of the command `innate` for a task: options of {@link Trainer.create}, and what is trained when. */
export type TaskRunConfig = TrainerOptions<'task'> & {
  /**
   * Stages in order, or a {@link Curriculum}.
   *
   * @defaultValue all stages of the task, each to mastery
   */
  readonly stages?: RunStages<'task'> | undefined;
};

/** The same for environments. */
export type EnvironmentRunConfig = TrainerOptions<'environment'> & {
  /**
   * Stages in order, or a {@link StepCurriculum}.
   *
   * @defaultValue all stages of the environment, each for the `--steps` of the command line
   */
  readonly stages?: RunStages<'environment'> | undefined;
};

/**
 * Gives the default export of `innate.config.ts`, or `.js`, its type, for environments; see the form for a task.
 *
 * @param config - The configuration.
 * @returns The same.
 */
export function defineConfig(config: EnvironmentRunConfig): EnvironmentRunConfig;
/**
 * Gives the default export of `innate.config.ts`, or `.js`, its type, so that an editor completes it. The options are checked when they are used.
 *
 * @param config - The configuration.
 * @returns The same.
 *
 * @example
 * ```ts
 * export default defineConfig({ task, stages: [0, 1, 2], seed: 1, checkpoint: { folder: 'runs/a' } });
 * ```
 */
export function defineConfig(config: TaskRunConfig): TaskRunConfig;
export function defineConfig(config: TaskRunConfig | EnvironmentRunConfig): TaskRunConfig | EnvironmentRunConfig {
  return config;
}
