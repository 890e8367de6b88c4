import { TaskError } from '../errors/task-error.js';
import { functionProblem, SYNCHRONOUS } from '../task/returned.js';
import { adviseOn, listOptions } from '../util/option-names.js';
import type { MilestoneDefinition, StageDeclaration, TaskDefinition, ToolDefinition } from './definition.js';

/** The longest horizon accepted. */
const MAX_HORIZON = 10_000;
/** Milestones fit a bit set of a small integer. */
const MAX_MILESTONES = 30;
/** How much a right program must lead by, so that the lead survives rounding to 32 bits. */
const MARGIN = 1e-6;

interface Problem {
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Refuses a definition that cannot be a task, naming all that is wrong at once.
 *
 * @param definition - As the user wrote it.
 * @throws {@link TaskError} with the path of the first bad value.
 */
export function validateDefinition<P, S, Tool extends string, Stage extends StageDeclaration, Text extends string, M extends string>(
  definition: TaskDefinition<P, S, Tool, Stage, Text, M>,
): void {
  if (typeof definition !== 'object' || definition === null) {
    throw new TaskError('is not an object.', { path: 'task', remedy: 'Give defineTask one object.' });
  }
  const problems: Problem[] = [];
  const refuse = (path: string, problem: string, remedy: string): void => {
    problems.push({ path: `task.${path}`, problem, remedy });
  };
  validateKeys(definition, refuse);
  validateScalars(definition, refuse);
  validateNames(definition, refuse);
  validateFunctions(definition, refuse);
  // Sums are only meaningful over well-formed parts.
  if (problems.length === 0) {
    validateMilestones(definition, refuse);
  }
  throwProblems(problems);
}

type Refuse = (path: string, problem: string, remedy: string) => void;
type Definition<M extends string = string> = TaskDefinition<never, never, string, StageDeclaration, string, M>;

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
    contextPooling: 1,
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

function validateKeys(definition: object, refuse: Refuse): void {
  const check = (value: unknown, keys: ReadonlySet<string>, path: string): void => {
    for (const key of isRecord(value) ? Object.keys(value) : []) {
      if (!keys.has(key)) {
        refuse(path + key, 'is no part of a definition.', adviseOn(key, keys) ?? listOptions(keys));
      }
    }
  };
  const { tools, milestones } = loose(definition);
  check(definition, KEYS, '');
  for (const [name, tool] of Object.entries(isRecord(tools) ? tools : {})) {
    check(tool, TOOL_KEYS, `tools.${name}.`);
  }
  for (const [name, milestone] of Object.entries(isRecord(milestones) ? milestones : {})) {
    check(milestone, MILESTONE_KEYS, `milestones.${name}.`);
  }
}

function validateScalars(definition: object, refuse: Refuse): void {
  const { name, horizon, mask, trainPastEnd, contextLength, contextPooling, successReward } = loose(definition);
  if (typeof name !== 'string' || name === '') {
    refuse('name', 'is not a text with at least one character.', 'Name the task.');
  }
  if (!isInteger(horizon, 1, MAX_HORIZON)) {
    refuse('horizon', `is ${show(horizon)}.`, `Use an integer from 1 to ${MAX_HORIZON}: the tokens of a program.`);
  }
  if (mask !== undefined && typeof mask !== 'boolean') {
    refuse('mask', `is ${show(mask)}.`, 'Use true or false.');
  }
  if (trainPastEnd !== undefined && typeof trainPastEnd !== 'boolean') {
    refuse('trainPastEnd', `is ${show(trainPastEnd)}.`, 'Use true or false.');
  }
  if (contextLength !== undefined && !isInteger(contextLength, 1, MAX_HORIZON)) {
    refuse('contextLength', `is ${show(contextLength)}.`, 'Use the length of the longest context, its start token included.');
  }
  if (contextPooling !== undefined && contextPooling !== 'own' && contextPooling !== 'batch') {
    refuse('contextPooling', `is ${show(contextPooling)}.`, "Use 'own' or 'batch'.");
  }
  if (successReward !== undefined && !(isFiniteNumber(successReward) && successReward > 0)) {
    refuse('successReward', `is ${show(successReward)}.`, 'Use a positive finite number.');
  }
}

function validateNames(definition: object, refuse: Refuse): void {
  const { stages, symbols, startToken, padToken, tools } = loose(definition);
  const stageNames = new Set<string>();
  if (!Array.isArray(stages) || stages.length === 0) {
    refuse('stages', 'is empty.', 'Declare at least one stage, by name.');
  } else {
    stages.forEach((stage: unknown, index) => {
      const name = isRecord(stage) ? stage['name'] : stage;
      if (typeof name !== 'string' || name === '') {
        refuse(`stages[${index}]`, 'has no name.', 'Use a text, or an object with a name.');
      } else if (stageNames.has(name)) {
        refuse(`stages[${index}]`, `repeats the name ${show(name)}.`, 'Give each stage a name of its own.');
      } else {
        stageNames.add(name);
      }
    });
  }
  const tokens = new Map<string, string>();
  const addToken = (path: string, text: unknown): void => {
    if (typeof text !== 'string' || text === '') {
      refuse(path, `is ${show(text)}.`, 'Use a text with at least one character.');
      return;
    }
    const other = tokens.get(text);
    if (other !== undefined) {
      refuse(path, `is ${show(text)}, which is the token of task.${other} already.`, 'Give each token a text of its own.');
      return;
    }
    tokens.set(text, path);
  };
  if (!Array.isArray(symbols) || symbols.length === 0) {
    refuse('symbols', 'is empty.', 'List the texts of which contexts are made.');
  } else {
    for (const [index, text] of symbols.entries()) {
      addToken(`symbols[${index}]`, text);
    }
  }
  addToken('startToken', startToken === undefined ? '[CTX]' : startToken);
  if (!isRecord(tools) || Object.keys(tools).length === 0) {
    refuse('tools', 'is empty.', 'Declare at least one tool.');
  } else {
    for (const name of Object.keys(tools)) {
      if (isArrayIndex(name)) {
        refuse(`tools.${name}`, 'is a number, which JavaScript moves before the other tools.', 'Use a name.');
      }
      addToken(`tools.${name}`, name === '' ? '' : `[${name}]`);
    }
  }
  addToken('padToken', padToken === undefined ? '[EOS]' : padToken);
}

function validateFunctions(definition: object, refuse: Refuse): void {
  const fields = loose(definition);
  for (const name of ['sample', 'encode', 'start', 'success'] as const) {
    refuseFunction(fields[name], name, 'Every task needs sample, encode, start and success.', refuse);
  }
  for (const name of ['reward', 'target'] as const) {
    refuseOptionalFunction(fields[name], name, refuse);
  }
  for (const [name, tool] of Object.entries(isRecord(fields.tools) ? fields.tools : {})) {
    if (!isRecord(tool)) {
      refuse(`tools.${name}`, 'is not an object.', 'Give { when, run, ends }, each optional.');
      continue;
    }
    for (const part of ['when', 'run']) {
      refuseOptionalFunction(tool[part], `tools.${name}.${part}`, refuse);
    }
    if (tool['ends'] !== undefined && typeof tool['ends'] !== 'boolean') {
      refuse(`tools.${name}.ends`, `is ${show(tool['ends'])}.`, 'Use true or false.');
    }
  }
}

function validateMilestones(definition: object, refuse: Refuse): void {
  const { milestones, stages, successReward, reward } = loose(definition);
  if (milestones === undefined) {
    return;
  }
  if (!isRecord(milestones)) {
    refuse('milestones', 'is not an object.', 'Give { name: { reward, reached } }.');
    return;
  }
  const names = (Array.isArray(stages) ? stages : []).map((stage: string | { name: string }) =>
    typeof stage === 'string' ? stage : stage.name,
  );
  const highest = names.map(() => 0);
  const lowest = names.map(() => 0);
  if (Object.keys(milestones).length > MAX_MILESTONES) {
    refuse('milestones', `has ${Object.keys(milestones).length} entries.`, `Use at most ${MAX_MILESTONES}.`);
  }
  for (const [name, milestone] of Object.entries(milestones)) {
    const path = `milestones.${name}`;
    if (!isRecord(milestone)) {
      refuse(path, 'is not an object.', 'Give { reward, reached }.');
      continue;
    }
    refuseFunction(milestone['reached'], `${path}.reached`, 'Say when the milestone is reached.', refuse);
    const worth = milestone['reward'];
    if (!isFiniteNumber(worth)) {
      refuse(`${path}.reward`, `is ${show(worth)}.`, 'Use a finite number.');
      continue;
    }
    const paidIn: unknown = milestone['stages'] ?? names;
    if (!Array.isArray(paidIn)) {
      refuse(`${path}.stages`, `is ${show(paidIn)}.`, 'List names of stages.');
      continue;
    }
    new Set<unknown>(paidIn).forEach((stage) => {
      const index = (names as readonly unknown[]).indexOf(stage);
      if (index < 0) {
        refuse(`${path}.stages`, `names the unknown stage ${show(stage)}.`, `Use ${names.map(show).join(', ')}.`);
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
      refuse(
        'milestones',
        `let a wrong program of stage ${show(name)} earn ${round(wrong)}, and a right one may earn no more than ${round(right)}.`,
        'Lower their rewards, or raise successReward, so that no wrong program can earn as much as a right one.',
      );
    }
  });
}

function refuseFunction(value: unknown, path: string, need: string, refuse: Refuse): void {
  const problem = functionProblem(value);
  if (problem !== undefined) {
    refuse(path, problem, typeof value === 'function' ? SYNCHRONOUS : need);
  }
}

function refuseOptionalFunction(value: unknown, path: string, refuse: Refuse): void {
  if (value !== undefined) {
    refuseFunction(value, path, 'Leave it out, or give a function.', refuse);
  }
}

function throwProblems(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first === undefined) {
    return;
  }
  const list = others.map(({ path, problem, remedy }) => `\n  ${path}: ${problem} ${remedy}`).join('');
  throw new TaskError(first.problem, { path: first.path, remedy: list === '' ? first.remedy : `${first.remedy} Also:${list}` });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
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

function show(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value}'`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
