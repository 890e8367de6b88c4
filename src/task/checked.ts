import { TaskError } from '../errors/task-error.js';
import { isFloat32Array, isInt32Array, isUint8Array } from '../util/kind.js';
import type { Random } from '../util/random.js';
import { show } from '../util/show.js';
import { type CheckedPrompts, provePrompts } from './checked-prompts.js';
import { checkScores, requireShape } from './checked-scores.js';
import { functionIssue, refuseDeferred, SYNCHRONOUS } from './returned.js';
import type { ProblemBatch, ProblemDescription, Scores, Split, Task } from './task.js';

/**
 * Refuses an object that cannot be trained on, whoever made it.
 *
 * @param task - The task.
 * @throws {@link TaskError} with the path of the first bad property.
 */
export function assertTask(task: Task): void {
  try {
    checkParts(task);
  } catch (error) {
    // Also what a getter or a proxy throws.
    throw TaskError.wrap(error, 'task');
  }
}

function checkParts(task: Task): void {
  const value: unknown = task;
  if (typeof value !== 'object' || value === null) {
    throw new TaskError(`is ${show(value)}.`, {
      path: 'task',
      remedy: 'Give an object made by defineTask, or one that implements Task.',
    });
  }
  requireTask(!('contextPooling' in task), 'contextPooling', 'is no part of a task.', 'It is pooling now.');
  const { vocabulary, stages, horizon, contextLength, contextValues, startToken, actionMask, splits, group } = task;
  requireTask(Array.isArray(vocabulary) && vocabulary.length > 0, 'vocabulary', 'is empty.', 'List the text of each token.');
  requireTask(Array.isArray(stages) && stages.length > 0, 'stages', 'is empty.', 'Name at least one stage.');
  requireTask(Number.isInteger(horizon) && horizon >= 1, 'horizon', `is ${show(horizon)}.`, 'Use an integer of at least 1.');
  const hasLength = contextLength === undefined || (Number.isInteger(contextLength) && contextLength >= 1);
  requireTask(hasLength, 'contextLength', `is ${show(contextLength)}.`, 'Use an integer of at least 1, or leave it out.');
  const declares = contextValues === undefined || typeof contextValues === 'boolean';
  requireTask(declares, 'contextValues', `is ${show(contextValues)}.`, 'Use true or false, or leave it out.');
  requireTask(isToken(startToken, vocabulary.length), 'startToken', `is ${show(startToken)}.`, 'Use a token id.');
  if (actionMask !== undefined) {
    const size = vocabulary.length;
    const ok = isUint8Array(actionMask) && actionMask.length === size && actionMask.every((bit) => bit <= 1) && actionMask.includes(1);
    requireTask(ok, 'actionMask', 'is no mask of the vocabulary.', `Use a Uint8Array of ${size} zeros and ones, at least one of them 1.`);
  }
  requireTask(splits === undefined || typeof splits === 'boolean', 'splits', `is ${show(splits)}.`, 'Use true or false, or leave it out.');
  const groupIssue = group === undefined ? undefined : functionIssue(group);
  requireTask(groupIssue === undefined, 'group', groupIssue ?? '', `Leave it out, or give a function. ${SYNCHRONOUS}`);
  checkInteraction(task);
  const { replay, problemAt, batchOf } = task;
  requireTask(replay === undefined || typeof replay === 'boolean', 'replay', `is ${show(replay)}.`, 'Use true or false.');
  const replayed = problemAt !== undefined || batchOf !== undefined || replay === true;
  const methods = [
    ...(['sample', 'score', 'describe'] as const),
    ...(task.interaction === undefined ? [] : (['begin'] as const)),
    ...(replayed ? (['problemAt', 'batchOf'] as const) : []),
  ];
  for (const method of methods) {
    const problem = functionIssue(task[method]);
    requireTask(problem === undefined, method, problem ?? '', `Implement the Task interface. ${SYNCHRONOUS}`);
  }
}

function checkInteraction({ interaction }: Task): void {
  if (interaction === undefined) {
    return;
  }
  const { observationLength, masked } = interaction ?? {};
  const counts = Number.isInteger(observationLength) && observationLength >= 0;
  requireTask(
    counts,
    'interaction.observationLength',
    `is ${show(observationLength)}.`,
    'Use how many symbols are heard before each step, or 0.',
  );
  requireTask(typeof masked === 'boolean', 'interaction.masked', `is ${show(masked)}.`, 'Use true or false.');
}

/**
 * {@link Task.sample}, with its result checked: shapes, and tokens within the vocabulary.
 *
 * @param task - The task.
 * @param stages - Stage ids, `[n]`.
 * @param random - The stream to draw from.
 * @param split - What the problems are for.
 * @returns What the task returned.
 * @throws {@link TaskError} for whatever the task throws, with it as `cause`, and for a batch that is not what was asked for.
 */
export function checkedSample<Batch extends ProblemBatch>(
  task: Task<Batch>,
  stages: Int32Array,
  random: Random,
  split: Split = 'train',
): Batch {
  stages.forEach((stage, index) => {
    if (stage < 0 || stage >= task.stages.length) {
      throw new TaskError(`is ${stage}.`, { path: `stages[${index}]`, remedy: `Use a stage id from 0 to ${task.stages.length - 1}.` });
    }
  });
  return checkedBatch(task, 'sample', stages, () => task.sample(stages, random, split));
}

/**
 * Problems of a batch and others that were taken out of earlier ones, as one batch, checked as that of {@link checkedSample} is.
 *
 * @param task - A task with {@link Task.problemAt} and {@link Task.batchOf}.
 * @param batch - What {@link checkedSample} returned.
 * @param problems - Others, which come last.
 * @param stages - Stage of each of these.
 * @returns What the task returned.
 * @throws {@link TaskError} for whatever the task throws, with it as `cause`, and for a batch that is not what was asked for.
 */
export function checkedJoin<Batch extends ProblemBatch>(
  task: Task<Batch>,
  batch: Batch,
  problems: readonly unknown[],
  stages: readonly number[],
): Batch {
  const all = Int32Array.from([...batch.stages, ...stages]);
  return checkedBatch(task, 'batchOf', all, () => {
    const own = Array.from({ length: batch.size }, (_, index) => task.problemAt?.(batch, index));
    return task.batchOf?.([...own, ...problems], all) as Batch;
  });
}

function checkedBatch<Batch extends ProblemBatch>(
  task: Task<Batch>,
  method: 'sample' | 'batchOf',
  stages: Int32Array,
  make: () => Batch,
): Batch {
  const size = stages.length;
  let batch: Batch;
  try {
    batch = make();
    refuseDeferred(batch, `task.${method}`);
  } catch (error) {
    throw TaskError.wrap(error, `task.${method}`);
  }
  requireTask(typeof batch === 'object' && batch !== null, method, 'returned no batch.', 'Return a ProblemBatch, synchronously.');
  requireTask(batch.size === size, method, `returned size ${show(batch.size)} for ${size} stages.`, 'Draw one problem a stage.');
  const { contexts, contextLength } = batch;
  const path = `${method}.contexts`;
  requireTask(
    Number.isInteger(contextLength) && contextLength >= 1,
    `${method}.contextLength`,
    `is ${show(contextLength)}.`,
    'Use an integer of at least 1.',
  );
  const fixed = task.contextLength ?? contextLength;
  requireTask(
    contextLength === fixed,
    `${method}.contextLength`,
    `is ${contextLength}.`,
    `Return contexts of ${fixed} tokens, as contextLength says.`,
  );
  requireTask(isInt32Array(contexts), path, 'is no Int32Array.', 'Return token ids as an Int32Array.');
  requireTask(
    contexts.length === size * contextLength,
    path,
    `has ${contexts.length} tokens.`,
    `Return ${size} × ${contextLength}: size × contextLength.`,
  );
  const vocabularySize = task.vocabulary.length;
  for (let at = 0; at < contexts.length; at += 1) {
    const token = contexts[at] ?? -1;
    if (token < 0 || token >= vocabularySize) {
      throw new TaskError(`has the token ${token} at place ${at % contextLength}.`, {
        path: `task.${path}`,
        remedy: `Use token ids from 0 to ${vocabularySize - 1}.`,
        problemIndex: Math.floor(at / contextLength),
      });
    }
  }
  checkContextLengths(batch);
  checkContextValues(task, batch, method);
  const stagesKept = isInt32Array(batch.stages) && batch.stages.length === size && batch.stages.every((id, at) => id === stages[at]);
  requireTask(stagesKept, `${method}.stages`, 'differs from the stages asked for.', 'Return an Int32Array equal to the argument.');
  return batch;
}

function checkContextLengths({ size, contextLength, contextLengths }: ProblemBatch): void {
  if (contextLengths === undefined) {
    return;
  }
  const path = 'sample.contextLengths';
  requireTask(
    isInt32Array(contextLengths) && contextLengths.length === size,
    path,
    `is ${show(contextLengths)}.`,
    `Return an Int32Array of ${size} lengths, or leave it out: all tokens count then.`,
  );
  const bad = contextLengths.findIndex((length) => length < 1 || length > contextLength);
  if (bad >= 0) {
    throw new TaskError(`has the length ${contextLengths[bad]}.`, {
      path: `task.${path}`,
      remedy: `Use 1 to ${contextLength}: tokens of the context without its padding.`,
      problemIndex: bad,
    });
  }
}

function checkContextValues(
  task: Pick<Task, 'contextValues'>,
  { contexts, contextLength, contextValues }: ProblemBatch,
  method: string,
): void {
  const path = `${method}.contextValues`;
  if (task.contextValues !== true) {
    requireTask(contextValues === undefined, path, 'is given.', 'Declare it with contextValues: true, or leave it out.');
    return;
  }
  requireTask(
    isFloat32Array(contextValues) && contextValues.length === contexts.length,
    path,
    `is ${show(contextValues)}.`,
    `Return a Float32Array of ${contexts.length} numbers, one a token, or leave out the task's contextValues.`,
  );
  const bad = contextValues.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new TaskError(`has ${contextValues[bad]} at place ${bad % contextLength}.`, {
      path: `task.${path}`,
      remedy: 'Use finite numbers, about −3 to 3.',
      problemIndex: Math.floor(bad / contextLength),
    });
  }
}

/**
 * @param task - The task.
 * @param batch - What {@link checkedSample} returned.
 * @returns What an agent is shown, with the proof that its ids were looked through.
 */
export function promptsOf(task: Task, { contexts, contextLengths, contextValues, stages }: ProblemBatch): CheckedPrompts {
  const sizes = { vocabSize: task.vocabulary.length, stageCount: task.stages.length };
  return provePrompts(contexts, stages, sizes, contextLengths, contextValues);
}

/**
 * {@link Task.score}, with arguments and results checked: shapes, tokens within the vocabulary, every return written and finite, every length
 * from 1 to `T`.
 *
 * @param task - The task.
 * @param batch - What {@link checkedSample} returned.
 * @param actions - Token ids, `[n, T]`.
 * @param scores - Written in full; after an error its content means nothing.
 * @throws {@link TaskError} for whatever the task throws, with it as `cause`, for a return that is not finite (`path` is `task.reward`,
 * `problemIndex` says which), and for arguments of wrong shape.
 */
export function checkedScore<Batch extends ProblemBatch>(task: Task<Batch>, batch: Batch, actions: Int32Array, scores: Scores): void {
  const { size } = batch;
  checkActions(task, size, actions);
  checkScores(task, size, scores, 'task.score', () => task.score(batch, actions, scores));
}

/**
 * {@link Task.describe}, with its result checked.
 *
 * @param task - The task.
 * @param batch - What {@link checkedSample} returned.
 * @param index - Which problem.
 * @returns What the task returned.
 * @throws {@link TaskError} for whatever the task throws, with it as `cause`, and for what is no description.
 */
export function checkedDescribe<Batch extends ProblemBatch>(task: Task<Batch>, batch: Batch, index: number): ProblemDescription {
  try {
    const description = task.describe(batch, index);
    refuseDeferred(description, 'task.describe');
    const ok = typeof description?.context === 'string' && typeof description.target === 'string';
    requireTask(ok, 'describe', 'returned no description.', 'Return { context, target }, both texts.');
    return description;
  } catch (error) {
    throw TaskError.wrap(error, 'task.describe', index);
  }
}

/**
 * Refuses programs that are not one a problem, of token ids.
 *
 * @param task - The task.
 * @param size - Problems, `n`.
 * @param actions - Token ids, `[n, T]`.
 * @throws {@link TaskError} with the path of the first bad one.
 */
export function checkActions(task: Pick<Task, 'horizon' | 'vocabulary'>, size: number, actions: ArrayLike<number>): void {
  const vocabularySize = task.vocabulary.length;
  requireShape(actions, size * task.horizon, 'actions', `${size} × ${task.horizon}: size × horizon`);
  for (let at = 0; at < actions.length; at += 1) {
    const token = actions[at] ?? -1;
    if (!isToken(token, vocabularySize)) {
      throw new TaskError(`is ${String(token)}.`, { path: `actions[${at}]`, remedy: `Use token ids from 0 to ${vocabularySize - 1}.` });
    }
  }
}

function isToken(token: number, vocabularySize: number): boolean {
  return Number.isInteger(token) && token >= 0 && token < vocabularySize;
}

function requireTask(holds: boolean, path: string, problem: string, remedy: string): asserts holds {
  if (!holds) {
    throw new TaskError(problem, { path: `task.${path}`, remedy });
  }
}
