import { TaskError } from '../errors/task-error.js';
import { functionIssue, SYNCHRONOUS } from '../task/returned.js';
import { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { addUnknownKeys } from '../util/option-reader.js';
import { show } from '../util/show.js';
import type { MilestoneDefinition, StageDeclaration, TaskDefinition, ToolDefinition } from './definition.js';

/** The longest horizon accepted. */
const MAX_HORIZON = 10_000;
/** Milestones fit a bit set of a small integer. */
const MAX_MILESTONES = 30;
/** How much a right program must lead by, so that the lead survives rounding to 32 bits. */
const MARGIN = 1e-6;

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
  // Sums are only meaningful over well-formed parts.
  if (issues.list.length === 0) {
    validateMilestones(definition, issues);
  }
  throwIfAny(issues);
}

type Definition = TaskDefinition<never, never, string, StageDeclaration, string, string>;

/** Reads any definition without its types: what a caller without a compiler may have passed. */
function loose(definition: object): Record<keyof Definition, unknown> {
  return definition as Record<keyof Definition, unknown>;
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
    trainPastEnd: 1,
    pooling: 1,
    updateOptions: 1,
    sample: 1,
    encode: 1,
    start: 1,
    tools: 1,
    success: 1,
    successReward: 1,
    milestones: 1,
    reward: 1,
    target: 1,
  } satisfies Record<keyof Definition, 1>),
);
const TOOL_KEYS = new Set(Object.keys({ when: 1, run: 1, ends: 1 } satisfies Record<keyof ToolDefinition<never, never, never>, 1>));
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
  const { name, horizon, mask, trainPastEnd, contextLength, pooling, successReward } = loose(definition);
  if (typeof name !== 'string' || name === '') {
    issues.add('name', 'is not a text with at least one character.', 'Name the task.');
  }
  if (!isInteger(horizon, 1, MAX_HORIZON)) {
    issues.add('horizon', `is ${show(horizon)}.`, `Use an integer from 1 to ${MAX_HORIZON}: the tokens of a program.`);
  }
  if (mask !== undefined && typeof mask !== 'boolean') {
    issues.add('mask', `is ${show(mask)}.`, 'Use true or false.');
  }
  if (trainPastEnd !== undefined && typeof trainPastEnd !== 'boolean') {
    issues.add('trainPastEnd', `is ${show(trainPastEnd)}.`, 'Use true or false.');
  }
  if (contextLength !== undefined && !isInteger(contextLength, 1, MAX_HORIZON)) {
    issues.add('contextLength', `is ${show(contextLength)}.`, 'Use the length of the longest context, its start token included.');
  }
  if (pooling !== undefined && pooling !== 'own' && pooling !== 'batch') {
    issues.add('pooling', `is ${show(pooling)}.`, "Use 'own' or 'batch'.");
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
  addToken('padToken', padToken === undefined ? '[EOS]' : padToken);
}

function validateFunctions(definition: object, issues: Issues): void {
  const fields = loose(definition);
  for (const name of ['sample', 'encode', 'start', 'success'] as const) {
    requireFunction(fields[name], name, 'Every task needs sample, encode, start and success.', issues);
  }
  for (const name of ['reward', 'target'] as const) {
    optionalFunction(fields[name], name, issues);
  }
  for (const [name, tool] of entriesOf(fields.tools)) {
    if (!isRecord(tool)) {
      issues.add(`tools.${name}`, 'is not an object.', 'Give { when, run, ends }, each optional.');
      continue;
    }
    for (const part of ['when', 'run']) {
      optionalFunction(tool[part], `tools.${name}.${part}`, issues);
    }
    if (tool['ends'] !== undefined && typeof tool['ends'] !== 'boolean') {
      issues.add(`tools.${name}.ends`, `is ${show(tool['ends'])}.`, 'Use true or false.');
    }
  }
}

function validateMilestones(definition: object, issues: Issues): void {
  const { milestones, stages, successReward, reward } = loose(definition);
  if (milestones === undefined) {
    return;
  }
  if (!isRecord(milestones)) {
    issues.add('milestones', 'is not an object.', 'Give { name: { reward, reached } }.');
    return;
  }
  const names = (Array.isArray(stages) ? stages : []).map((stage: string | { name: string }) =>
    typeof stage === 'string' ? stage : stage.name,
  );
  const highest = names.map(() => 0);
  const lowest = names.map(() => 0);
  if (Object.keys(milestones).length > MAX_MILESTONES) {
    issues.add('milestones', `has ${Object.keys(milestones).length} entries.`, `Use at most ${MAX_MILESTONES}.`);
  }
  for (const [name, milestone] of Object.entries(milestones)) {
    const path = `milestones.${name}`;
    if (!isRecord(milestone)) {
      issues.add(path, 'is not an object.', 'Give { reward, reached }.');
      continue;
    }
    requireFunction(milestone['reached'], `${path}.reached`, 'Say when the milestone is reached.', issues);
    const worth = milestone['reward'];
    if (!isFiniteNumber(worth)) {
      issues.add(`${path}.reward`, `is ${show(worth)}.`, 'Use a finite number.');
      continue;
    }
    const paidIn: unknown = milestone['stages'] ?? names;
    if (!Array.isArray(paidIn)) {
      issues.add(`${path}.stages`, `is ${show(paidIn)}.`, 'List names of stages.');
      continue;
    }
    new Set<unknown>(paidIn).forEach((stage) => {
      const index = (names as readonly unknown[]).indexOf(stage);
      if (index < 0) {
        issues.add(`${path}.stages`, `names the unknown stage ${show(stage)}.`, `Use ${names.map(show).join(', ')}.`);
        return;
      }
      highest[index] = (highest[index] ?? 0) + Math.max(0, worth);
      lowest[index] = (lowest[index] ?? 0) + Math.min(0, worth);
    });
  }
  const success = isFiniteNumber(successReward) ? successReward : 1;
  names.forEach((name, index) => {
    const wrong = highest[index] ?? 0;
    const right = success + (lowest[index] ?? 0);
    if (reward === undefined && wrong > right - MARGIN) {
      issues.add(
        'milestones',
        `let a wrong program of stage ${show(name)} earn ${round(wrong)}, and a right one may earn no more than ${round(right)}.`,
        'Lower their rewards, or raise successReward, so that no wrong program can earn as much as a right one.',
      );
    }
  });
}

function requireFunction(value: unknown, path: string, need: string, issues: Issues): void {
  const issue = functionIssue(value);
  if (issue !== undefined) {
    issues.add(path, issue, typeof value === 'function' ? SYNCHRONOUS : need);
  }
}

function optionalFunction(value: unknown, path: string, issues: Issues): void {
  if (value !== undefined) {
    requireFunction(value, path, 'Leave it out, or give a function.', issues);
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

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(isRecord(value) ? value : {});
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isInteger(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

function isArrayIndex(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name);
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}
