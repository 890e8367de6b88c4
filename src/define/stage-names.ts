import { TaskError } from '../errors/task-error.js';
import type { StageDeclaration } from './definition.js';

/**
 * The name of a declared stage.
 *
 * @param stage - As declared.
 * @returns Its name.
 */
export function stageNameOf(stage: StageDeclaration): string {
  return typeof stage === 'string' ? stage : stage.name;
}

/**
 * A stage as it was declared.
 *
 * @param stages - All of them.
 * @param id - Its place.
 * @returns The stage.
 * @throws {@link TaskError} where there is none.
 */
export function stageAt<Stage extends StageDeclaration>(stages: readonly Stage[], id: number): Stage {
  const stage = stages[id];
  if (stage === undefined) {
    throw unknownStage(id, stages);
  }
  return stage;
}

/**
 * The error for a stage that a task does not have.
 *
 * @param stage - What was asked for.
 * @param stages - What there is.
 * @returns The error.
 */
export function unknownStage(stage: unknown, stages: readonly StageDeclaration[]): TaskError {
  const known = stages.map((declared, id) => `${id} ('${stageNameOf(declared)}')`).join(', ');
  return new TaskError(`${typeof stage === 'string' ? `'${stage}'` : String(stage)} is no stage of this task.`, {
    path: 'stage',
    remedy: `Use one of ${known}.`,
  });
}
