import { dataKey } from '../../util/plain-data.js';
import { lookInOrder, lookWithoutOrder, shownSymbols } from '../shown-symbols.js';
import type { TaskMachine } from '../task-machine.js';
import type { ToolBatch } from '../tool-task.js';
import { SearchBudget, searchPolicy, type WeighedProblem } from './best-policy.js';

/** The most different problems compared. */
const MAX_PROBLEMS = 256;
/** How often each must have been drawn for their frequencies to be compared. */
const ENOUGH = 50;
/** The longest text of a problem in a message. */
const MAX_TEXT = 80;

/** What it costs that problems look the same. */
export interface LookAlikes {
  /** Share of the problems drawn, those equally often that may well be so, that have a right program, and that no agent can be right for as well as for those that look like them. */
  readonly lost: number;
  /** Two problems that look the same, of the group where most is lost; undefined where nothing is. */
  readonly example: readonly [string, string] | undefined;
  /** Whether the search left nothing out; otherwise more may be lost. */
  readonly complete: boolean;
}

interface Shown {
  readonly startToken: number;
  readonly inOrder: boolean;
}

interface Look<Problem> {
  readonly problems: Map<string, { readonly problem: Problem; weight: number }>;
}

/**
 * Groups problems by what the network is shown of them, their symbols with the numbers beside them in the order that it reads or in any, and says how many of each group one agent can be right
 * for, hearing what it hears.
 *
 * @param machine - The machine.
 * @param batches - Problems of one stage.
 * @param shown - The token behind the symbols of a context, and whether these are read in order.
 * @param horizon - Tokens of a program.
 * @param budget - The most states looked at.
 * @returns What is lost.
 */
export function searchLookAlikes<Problem, State, Tool extends string>(
  machine: TaskMachine<Problem, State, Tool>,
  batches: readonly ToolBatch<Problem>[],
  shown: Shown,
  horizon: number,
  budget: number,
): LookAlikes {
  const { looks, drawn } = groupByLook(batches, shown);
  const left = new SearchBudget(budget);
  let lost = 0;
  let most = 0;
  let example: readonly [string, string] | undefined;
  for (const { problems } of looks) {
    const alike: WeighedProblem<Problem>[] = [...problems.values()];
    if (alike.length > 1) {
      const { solvable, solved } = searchPolicy(machine, evenOut(alike), batches[0]?.stages[0] ?? 0, horizon, left);
      // Sums of equal weights may differ in their last bits.
      const less = solvable - solved > 1e-9 ? solvable - solved : 0;
      lost += less;
      if (less > most) {
        most = less;
        const [first = '', second = ''] = [...problems.keys()];
        example = [shorten(first), shorten(second)];
      }
    }
  }
  return { lost: drawn === 0 ? 0 : lost / drawn, example, complete: !left.spent };
}

/** The first different problems by their look, largest groups first, with how often each was drawn. */
function groupByLook<Problem>(
  batches: readonly ToolBatch<Problem>[],
  { startToken, inOrder }: Shown,
): { readonly looks: readonly Look<Problem>[]; readonly drawn: number } {
  const looks = new Map<string, Look<Problem>>();
  let different = 0;
  let drawn = 0;
  for (const batch of batches) {
    batch.problems.forEach((problem, row) => {
      const symbols = shownSymbols(batch, row, startToken);
      const look = inOrder ? lookInOrder(symbols) : lookWithoutOrder(symbols);
      const group = looks.get(look) ?? { problems: new Map() };
      const key = dataKey(problem);
      const known = group.problems.get(key);
      if (known === undefined && different < MAX_PROBLEMS) {
        group.problems.set(key, { problem, weight: 1 });
        looks.set(look, group);
        different += 1;
        drawn += 1;
      } else if (known !== undefined) {
        known.weight += 1;
        drawn += 1;
      }
    });
  }
  return { looks: [...looks.values()].sort((a, b) => b.problems.size - a.problems.size), drawn };
}

/** Problems that may well be drawn equally often count equally: the luck of the draw is no news about them. */
function evenOut<Problem>(problems: readonly WeighedProblem<Problem>[]): readonly WeighedProblem<Problem>[] {
  const mean = problems.reduce((sum, { weight }) => sum + weight, 0) / problems.length;
  const even = mean >= ENOUGH && problems.every(({ weight }) => Math.abs(weight - mean) <= 3 * Math.sqrt(mean));
  return even ? problems.map(({ problem }) => ({ problem, weight: mean })) : problems;
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
