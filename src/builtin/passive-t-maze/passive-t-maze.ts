import { box, discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import type { KnownScore } from '../shared/known-score.js';

/** Options of {@link passiveTMaze}. */
export interface PassiveTMazeOptions {
  /**
   * Length of the corridor, 1 to 2²⁰. An episode has one step more.
   *
   * @defaultValue 10
   */
  readonly length?: number | undefined;
}

/** Moves by action: ahead, up, back, down. */
const MOVES = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
] as const;

/**
 * The passive T-maze of Ni et al. (2023), after Bakker (2001): a corridor from (0, 0) to a junction at (`length`, 0), and a goal at
 * (`length`, 1) or (`length`, −1), of which the side is shown once, at the start.
 *
 * Observation, `[2]`: (0, side of the goal) by `reset`, (0, 0) in the corridor, (1, y) at its end, y being where one is. Action: 0 moves ahead,
 * 1 up, 2 back, 3 down; a move into a wall stays. All `length` + 1 steps are made. A step t that is not the last costs 1 / `length` where x < t
 * after it; the last pays 1 at the goal and nothing elsewhere. Best 1, without memory 0.5. Success: that the goal was reached.
 *
 * @param options - See {@link PassiveTMazeOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function passiveTMaze(options: PassiveTMazeOptions = {}): BuiltInEnvironment<readonly number[]> {
  const length = readOptions(options, (reader) => reader.count('length', 10));
  return builtInEnvironment<readonly number[]>({
    observationSpace: box({ shape: [2], low: [0, -1], high: [1, 1] }),
    actionSpace: discrete(MOVES.length),
    begin: (random) => beginPassiveTMaze(length, random.int(2) === 1 ? 1 : -1),
  });
}

/**
 * @param length - Length of the corridor.
 * @param goal - Side of the goal.
 * @returns The episode.
 */
export function beginPassiveTMaze(length: number, goal: 1 | -1): Episode<readonly number[]> {
  let x = 0;
  let y = 0;
  let steps = 0;
  return {
    first: [0, goal],
    step: (action) => {
      steps += 1;
      const move = MOVES[action];
      const nextX = x + (move?.x ?? 0);
      const nextY = y + (move?.y ?? 0);
      const inCorridor = nextY === 0 && nextX >= 0 && nextX <= length;
      if (inCorridor || (nextX === length && Math.abs(nextY) === 1)) {
        x = nextX;
        y = nextY;
      }
      const observation = x === length ? [1, y] : [0, 0];
      if (steps > length) {
        const success = y === goal;
        return { observation, reward: success ? 1 : 0, terminated: true, truncated: false, success };
      }
      return { observation, reward: x < steps ? -1 / length : 0, terminated: false, truncated: false, success: undefined };
    },
  };
}

/** Scores of the passive T-maze by name. */
export const passiveTMazeScores = {
  PassiveTMaze10: score('PassiveTMaze10', 10, -0.966_666),
  PassiveTMaze50: score('PassiveTMaze50', 50, -0.993_333),
} as const satisfies Record<string, KnownScore>;

/** What random play scores is exact: its distribution over places, carried from step to step. */
function score(name: string, length: number, random: number): KnownScore {
  const source = 'Ni et al. (2023), who show it in curves. Best 1, without memory 0.5';
  return {
    name,
    create: () => passiveTMaze({ length }),
    limit: length + 1,
    published: undefined,
    source,
    random,
    best: 1,
    needsMemory: true,
  };
}
