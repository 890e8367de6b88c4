import type { Expression, Operator } from './expression.js';

/** The machine's state: that of `arithmetic`, and what a recall leaves. */
export interface ExpressionsState {
  /** The value at work; null when empty. */
  accumulator: number | null;
  /** The value put aside; null when empty. */
  memory: number | null;
  /** Whether the memory is what the next operator works with. */
  recalled: boolean;
  /** Operands consumed so far. */
  cursor: number;
  /** Operators applied so far. */
  applied: number;
}

/** Whether an operator has a right-hand side: a recalled value, an operand, or the memory once operands are used up. */
export function hasRight({ recalled, memory, cursor }: ExpressionsState, { operands }: Expression): boolean {
  return recalled || cursor < operands.length || memory !== null;
}

/** Consumes the next operand. */
export function takeOperand(state: ExpressionsState, { operands }: Expression): number {
  state.cursor += 1;
  return operands[state.cursor - 1] ?? 0;
}

/** Applies an operator to the accumulator and its right-hand side, of both of which there must be one. */
export function apply(state: ExpressionsState, problem: Expression, operator: Operator): void {
  const left = state.accumulator ?? 0;
  const right = takeRight(state, problem);
  state.accumulator = operate(left, operator, right);
  state.recalled = false;
  state.applied += 1;
}

function takeRight(state: ExpressionsState, problem: Expression): number {
  if (!state.recalled && state.cursor < problem.operands.length) {
    return takeOperand(state, problem);
  }
  const value = state.memory ?? 0;
  state.memory = null;
  return value;
}

function operate(left: number, operator: Operator, right: number): number {
  switch (operator) {
    case '*':
      return left * right;
    case '+':
      return left + right;
    case '-':
      return left - right;
  }
}

/**
 * Whether a state is what the shortest right program has after so many operators: the sum of the terms that are complete and, if it has begun,
 * the product at work.
 */
export function isOnTheWay({ accumulator, memory, cursor, applied }: ExpressionsState, problem: Expression, count: number): boolean {
  if (applied !== count || accumulator === null) {
    return false;
  }
  const { operands, operators } = problem;
  let sum: number | null = null;
  let at = 0;
  let done = 0;
  while (at < operands.length) {
    // A term: its product, and then what joins it to the sum. A term of one factor is joined as an operand.
    const joint = operators[at - 1] ?? '+';
    let product = operands[at] ?? 0;
    let end = at + 1;
    for (; operators[end - 1] === '*'; end += 1) {
      product *= operands[end] ?? 0;
      done += 1;
      if (done === count) {
        return accumulator === product && memory === sum && cursor === end + 1;
      }
    }
    if (sum !== null) {
      done += 1;
    }
    sum = sum === null ? product : operate(sum, joint, product);
    if (done === count && at > 0) {
      return accumulator === sum && memory === null && cursor === end;
    }
    at = end;
  }
  return false;
}
