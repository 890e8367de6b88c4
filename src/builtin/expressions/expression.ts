import { TaskError } from '../../errors/task-error.js';
import type { Split } from '../../task/task.js';
import type { Random } from '../../util/random.js';
import { show } from '../../util/show.js';
import { holdOut, lazily, type Parts } from '../shared/split.js';

/** An operator; `*` comes before the others. */
export type Operator = '*' | '+' | '-';

/** An infix expression, such as `3 + 4 * 2`. */
export interface Expression {
  /** Its numbers, `[n]`, each 1 to 9. */
  readonly operands: readonly number[];
  /** What stands between them, `[n − 1]`. */
  readonly operators: readonly Operator[];
}

/** The fewest and the most operands of an expression, and the most that are ever trained on. */
export const OPERANDS = { least: 2, trained: 5, most: 7 } as const;

const OPERATORS = ['*', '+', '-'] as const;
/** 0 is left out: under it too many wrong programs come to the right value. */
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Patterns of operators by the number of operands. */
const patterns = new Map<number, Parts<readonly Operator[]>>();

/**
 * Operators of all expressions with so many operands. Of those with up to 5 operands one in eight is held out, those whose texts have the
 * smallest hashes: 1 of 9 with 3 operands, 3 of 27, 10 of 81, and none of the 3 with 2 operands. With more operands all are held out.
 *
 * @param operands - Operands, 2 to 7.
 * @returns What is trained on, and what is held out.
 */
export function patternsOf(operands: number): Parts<readonly Operator[]> {
  const known = patterns.get(operands);
  if (known !== undefined) {
    return known;
  }
  let all: (readonly Operator[])[] = [[]];
  for (let count = 1; count < operands; count += 1) {
    all = all.flatMap((pattern) => OPERATORS.map((operator) => [...pattern, operator]));
  }
  const made = holdOut(all.map(Object.freeze) as typeof all, (pattern) => pattern.join(''), operands > OPERANDS.trained ? 1 : 1 / 8);
  patterns.set(operands, made);
  return made;
}

/** All 243 expressions with 2 operands: of them numbers are held out, since their patterns are too few. */
const pairs: Parts<Expression> = lazily(() =>
  holdOut(
    OPERATORS.flatMap((operator) =>
      NUMBERS.flatMap((first) => NUMBERS.map((second) => ({ operands: [first, second], operators: Object.freeze([operator]) }))),
    ),
    ({ operands, operators }) => operands.join(operators[0]),
    1 / 8,
  ),
);

/**
 * Draws an expression: a pattern of operators, and numbers from 1 to 9.
 *
 * @param random - Where it is drawn from.
 * @param operands - Operands, 2 to 7.
 * @param split - `'train'`: a pattern that is trained on, of which there are none with more than 5 operands; `'test'`: one that is held out. With
 * 2 operands all 3 patterns are trained on, and one expression in eight is held out; `'train'` where absent.
 * @returns The expression.
 * @throws {@link TaskError} when there is no such expression.
 */
export function drawExpression(random: Random, operands: number, split: Split = 'train'): Expression {
  if (!(Number.isInteger(operands) && operands >= OPERANDS.least && operands <= OPERANDS.most)) {
    throw new TaskError(`is ${show(operands)}.`, {
      path: 'operands',
      remedy: `Use an integer from ${OPERANDS.least} to ${OPERANDS.most}.`,
    });
  }
  if (operands === OPERANDS.least) {
    const from = pairs[split];
    const drawn = from[random.int(from.length)] as Expression;
    return { operands: [...drawn.operands], operators: drawn.operators };
  }
  const from = patternsOf(operands)[split];
  if (from.length === 0) {
    throw new TaskError(`is ${operands}, and all expressions with more than ${OPERANDS.trained} operands are held out.`, {
      path: 'operands',
      remedy: "Draw them with the split 'test'.",
    });
  }
  const operators = from[random.int(from.length)] as readonly Operator[];
  return { operands: Array.from({ length: operands }, () => 1 + random.int(NUMBERS.length)), operators };
}

/**
 * What success is told apart by: how often a sum has to be put aside for a product.
 *
 * @param problem - The expression.
 * @returns A name.
 */
export function detoursOf({ operators }: Expression): string {
  const detours = operators.filter((operator, index) => operator === '*' && index > 0 && operators[index - 1] !== '*').length;
  return ['no detour', 'one detour', 'two detours', 'three detours'][detours] ?? '';
}

/** The value of an expression, products first, from left to right. */
export function valueOfExpression({ operands, operators }: Expression): number {
  let sum = 0;
  let sign = 1;
  let product = operands[0] ?? 0;
  for (const [index, operator] of operators.entries()) {
    const next = operands[index + 1] ?? 0;
    if (operator === '*') {
      product *= next;
    } else {
      sum += sign * product;
      sign = operator === '+' ? 1 : -1;
      product = next;
    }
  }
  return sum + sign * product;
}

/** What expressions are made of: numbers, then operators. */
export const SYMBOLS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', ...OPERATORS] as const;

/** An expression as it is read, numbers and operators in turn: indices into {@link SYMBOLS}. */
export function symbolsOf({ operands, operators }: Expression): number[] {
  const symbols: number[] = [];
  for (const [index, operand] of operands.entries()) {
    const operator = operators[index - 1];
    if (operator !== undefined) {
      symbols.push(NUMBERS.length + OPERATORS.indexOf(operator));
    }
    symbols.push(operand - 1);
  }
  return symbols;
}
