import { TaskError } from '../errors/task-error.js';
import { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { addUnknownKeys } from '../util/value-reader.js';
import type { MilestoneDefinition, ToolDefinition } from './definition.js';
import {
  type Definition,
  entriesOf,
  isArrayIndex,
  isFiniteNumber,
  isInteger,
  loose,
  MAX_HORIZON,
  optionalFunction,
  requireFunction,
} from './loose-definition.js';
import { argumentText } from './token-layout.js';
import { validateMilestones } from './validate-milestones.js';
import { argumentTexts, validateTools } from './validate-tools.js';

/**
 * Refuses a definition that cannot be a task, naming all that is wrong at once.
 *
 * @param definition - As the user wrote it.
 * @throws {@link TaskError} with the path of the first bad value.
 */
export function validateDefinition(definition: object): void {
  if (typeof definition !== 'object' || definition === null) {
    throw new TaskError('is not an object.', { path: 'task', remedy: 'Give defineTask one object.' });
  }
  const issues = new Issues('task');
  validateKeys(definition, issues);
  validateScalars(definition, issues);
  validateNames(definition, issues);
  validateFunctions(definition, issues);
  validateTools(definition, issues);
  validateLoop(definition, issues);
  // Sums are only meaningful over well-formed parts.
  if (issues.list.length === 0) {
    validateMilestones(definition, issues);
  }
  throwIfAny(issues);
}

/** Every part of a definition, a tool and a milestone: the compiler sees to it that none is missing. */
const KEYS = new Set(
  Object.keys({
    name: 1,
    stages: 1,
    horizon: 1,
    symbols: 1,
    startToken: 1,
    padToken: 1,
    contextLength: 1,
    mask: 1,
    observationLength: 1,
    trainPastEnd: 1,
    splits: 1,
    replay: 1,
    pooling: 1,
    padding: 1,
    contextOrder: 1,
    contextValues: 1,
    updateOptions: 1,
    sample: 1,
    encode: 1,
    start: 1,
    tools: 1,
    observe: 1,
    onRefused: 1,
    success: 1,
    successReward: 1,
    milestones: 1,
    reward: 1,
    group: 1,
    target: 1,
  } satisfies Record<keyof Definition, 1>),
);
const TOOL_KEYS = new Set(
  Object.keys({ parameters: 1, when: 1, run: 1, ends: 1 } satisfies Record<keyof ToolDefinition<never, never, never>, 1>),
);
const MILESTONE_KEYS = new Set(
  Object.keys({ reward: 1, reached: 1, stages: 1 } satisfies Record<keyof MilestoneDefinition<never, never, never, never>, 1>),
);

function validateKeys(definition: object, issues: Issues): void {
  const check = (value: unknown, keys: ReadonlySet<string>, place: Issues): void => {
    if (isRecord(value)) {
      addUnknownKeys(value, keys, place, { message: 'is no part of a definition.' });
    }
  };
  const { tools, milestones } = loose(definition);
  check(definition, KEYS, issues);
  for (const [name, tool] of entriesOf(tools)) {
    check(tool, TOOL_KEYS, issues.at(`tools.${name}`));
  }
  for (const [name, milestone] of entriesOf(milestones)) {
    check(milestone, MILESTONE_KEYS, issues.at(`milestones.${name}`));
  }
}

function validateScalars(definition: object, issues: Issues): void {
  const { name, horizon, mask, trainPastEnd, splits, replay, contextLength, pooling, padding, contextOrder, contextValues, successReward } =
    loose(definition);
  if (typeof name !== 'string' || name === '') {
    issues.add('name', 'is not a text with at least one character.', 'Name the task.');
  }
  if (!isInteger(horizon, 1, MAX_HORIZON)) {
    issues.add('horizon', `is ${show(horizon)}.`, `Use an integer from 1 to ${MAX_HORIZON}: the tokens of a program.`);
  }
  if (mask !== undefined && mask !== 'applicable' && typeof mask !== 'boolean') {
    issues.add('mask', `is ${show(mask)}.`, "Use true, false or 'applicable'.");
  }
  if (trainPastEnd !== undefined && typeof trainPastEnd !== 'boolean') {
    issues.add('trainPastEnd', `is ${show(trainPastEnd)}.`, 'Use true or false.');
  }
  if (splits !== undefined && typeof splits !== 'boolean') {
    issues.add('splits', `is ${show(splits)}.`, 'Use true or false, or leave it out and give sample a third parameter.');
  }
  if (replay !== undefined && typeof replay !== 'boolean') {
    issues.add('replay', `is ${show(replay)}.`, 'Use true or false.');
  }
  if (contextLength !== undefined && !isInteger(contextLength, 1, MAX_HORIZON)) {
    issues.add('contextLength', `is ${show(contextLength)}.`, 'Use the length of the longest context, its start token included.');
  }
  if (pooling !== undefined && pooling !== 'own' && pooling !== 'batch') {
    issues.add('pooling', `is ${show(pooling)}.`, "Use 'own' or 'batch'.");
  }
  if (padding !== undefined && padding !== 'skip' && padding !== 'read') {
    issues.add('padding', `is ${show(padding)}.`, "Use 'skip' or 'read'.");
  }
  if (contextOrder !== undefined && contextOrder !== 'matters' && contextOrder !== 'ignored') {
    issues.add('contextOrder', `is ${show(contextOrder)}.`, "Use 'matters' or 'ignored', or leave it out.");
  }
  if (contextValues !== undefined && typeof contextValues !== 'boolean') {
    issues.add('contextValues', `is ${show(contextValues)}.`, 'Use true or false, or leave it out.');
  }
  if (successReward !== undefined && !(isFiniteNumber(successReward) && successReward > 0)) {
    issues.add('successReward', `is ${show(successReward)}.`, 'Use a positive finite number.');
  }
}

function validateNames(definition: object, issues: Issues): void {
  const { stages, symbols, startToken, padToken, tools } = loose(definition);
  const stageNames = new Set<string>();
  if (!Array.isArray(stages) || stages.length === 0) {
    issues.add('stages', 'is empty.', 'Declare at least one stage, by name.');
  } else {
    stages.forEach((stage: unknown, index) => {
      const name = isRecord(stage) ? stage['name'] : stage;
      if (typeof name !== 'string' || name === '') {
        issues.add(`stages[${index}]`, 'has no name.', 'Use a text, or an object with a name.');
      } else if (stageNames.has(name)) {
        issues.add(`stages[${index}]`, `repeats the name ${show(name)}.`, 'Give each stage a name of its own.');
      } else {
        stageNames.add(name);
      }
    });
  }
  const tokens = new Map<string, string>();
  const addToken = (path: string, text: unknown): void => {
    if (typeof text !== 'string' || text === '') {
      issues.add(path, `is ${show(text)}.`, 'Use a text with at least one character.');
      return;
    }
    const other = tokens.get(text);
    if (other !== undefined) {
      issues.add(path, `is ${show(text)}, which is the token of task.${other} already.`, 'Give each token a text of its own.');
      return;
    }
    tokens.set(text, path);
  };
  if (!Array.isArray(symbols) || symbols.length === 0) {
    issues.add('symbols', 'is empty.', 'List the texts of which contexts are made.');
  } else {
    for (const [index, text] of symbols.entries()) {
      addToken(`symbols[${index}]`, text);
    }
  }
  addToken('startToken', startToken === undefined ? '[CTX]' : startToken);
  if (!isRecord(tools) || Object.keys(tools).length === 0) {
    issues.add('tools', 'is empty.', 'Declare at least one tool.');
  } else {
    for (const name of Object.keys(tools)) {
      if (isArrayIndex(name)) {
        issues.add(`tools.${name}`, 'is a number, which JavaScript moves before the other tools.', 'Use a name.');
      }
      addToken(`tools.${name}`, name === '' ? '' : `[${name}]`);
    }
  }
  for (const [text, path] of argumentTexts(tools)) {
    addToken(path, argumentText(text));
  }
  addToken('padToken', padToken === undefined ? '[EOS]' : padToken);
}

function validateFunctions(definition: object, issues: Issues): void {
  const fields = loose(definition);
  for (const name of ['sample', 'encode', 'start', 'success'] as const) {
    requireFunction(fields[name], name, 'Every task needs sample, encode, start and success.', issues);
  }
  for (const name of ['reward', 'group', 'target', 'observe', 'onRefused'] as const) {
    optionalFunction(fields[name], name, issues);
  }
}

/** What only a closed loop has, and what it cannot have. */
function validateLoop(definition: object, issues: Issues): void {
  const { observe, observationLength, mask, trainPastEnd, tools } = loose(definition);
  if (observe !== undefined && !isInteger(observationLength, 1, MAX_HORIZON)) {
    issues.add(
      'observationLength',
      observationLength === undefined ? 'is missing.' : `is ${show(observationLength)}.`,
      `Use an integer from 1 to ${MAX_HORIZON}: the most symbols that observe returns.`,
    );
  }
  if (observe === undefined && observationLength !== undefined) {
    issues.add('observationLength', 'is given without observe.', 'Give observe, which says what is heard, or leave it out.');
  }
  const closedLoop = observe !== undefined || mask === 'applicable' || argumentTexts(tools).size > 0;
  if (trainPastEnd === true && closedLoop) {
    issues.add('trainPastEnd', 'is true in a closed loop, where nothing follows an end.', 'Leave it out.');
  }
}

/** One error that says it all: the first issue with its path, the others each on a line with its remedy. */
function throwIfAny({ list }: Issues): void {
  const [first, ...others] = list;
  if (first !== undefined) {
    const rest = others.map(({ path, message, remedy }) => `\n  ${path}: ${message} ${remedy}`).join('');
    throw new TaskError(first.message, { path: first.path, remedy: rest === '' ? first.remedy : `${first.remedy} Also:${rest}` });
  }
}
