import type { TaskMachine } from '../task-machine.js';
import { Graph } from './graph.js';

/** Whether a network has to remember something to be right. */
export type Recall = 'needed' | 'not-needed';

/** A problem with what the network is shown of it. */
export interface ShownProblem<Problem> {
  readonly problem: Problem;
  readonly look: string;
}

/** How many states may still be looked at. */
interface Budget {
  left: number;
}

/** What a network without a memory emits, by what it is shown and hears. */
type Answers = Map<string, number>;

/**
 * Asks whether a network without a memory, which decides each step by the prompt, by what it hears then, and by whether the program begins, can be
 * right.
 *
 * @param machine - The machine.
 * @param problems - Problems that have a right program.
 * @param stage - Stage id.
 * @param horizon - Tokens of a program.
 * @param states - The most states looked at.
 * @returns `needed`: for one of the problems no such network is right. `not-needed`: one is right for all of them. Undefined: neither was shown.
 */
export function searchRecall<Problem, State, Tool extends string>(
  machine: TaskMachine<Problem, State, Tool>,
  problems: readonly ShownProblem<Problem>[],
  stage: number,
  horizon: number,
  states: number,
): Recall | undefined {
  const budget = { left: states };
  const together: Answers = new Map();
  let consistent = problems.length > 0;
  for (const { problem, look } of problems) {
    const graph = new Graph(machine, problem, stage, horizon);
    const answer = (known: Answers): Answers | undefined => rightAnswers({ machine, graph, look, horizon, budget }, known);
    // Those of the problems before first: what is right for all may not be what is found for each.
    const right = answer(together) ?? answer(new Map());
    if (right === undefined) {
      return budget.left > 0 ? 'needed' : undefined;
    }
    for (const [sight, token] of right) {
      consistent &&= (together.get(sight) ?? token) === token;
      together.set(sight, together.get(sight) ?? token);
    }
  }
  return consistent ? 'not-needed' : undefined;
}

interface Walk<Problem, State, Tool extends string> {
  readonly machine: TaskMachine<Problem, State, Tool>;
  readonly graph: Graph<Problem, State, Tool>;
  readonly look: string;
  readonly horizon: number;
  readonly budget: Budget;
}

/** Depth first; where a sight was answered before, there is no choice. */
function rightAnswers<Problem, State, Tool extends string>(
  { machine, graph, look, horizon, budget }: Walk<Problem, State, Tool>,
  known: Answers,
): Answers | undefined {
  const answers = new Map(known);
  const visit = (id: number, steps: number): boolean => {
    budget.left -= 1;
    if (budget.left <= 0) {
      return false;
    }
    if (graph.ended(id) || steps === horizon) {
      return graph.outcome(id).success;
    }
    if (machine.canIdle && !graph.within(id) && graph.outcome(id).success) {
      return true;
    }
    const sight = JSON.stringify([look, steps === 0, graph.view(id)]);
    const before = answers.get(sight);
    const choices = graph.choices(id);
    if (before !== undefined) {
      return choices.includes(before) && visit(graph.next(id, before, steps + 1), steps + 1);
    }
    for (const token of choices) {
      answers.set(sight, token);
      if (visit(graph.next(id, token, steps + 1), steps + 1)) {
        return true;
      }
    }
    answers.delete(sight);
    return false;
  };
  return visit(0, 0) ? answers : undefined;
}
