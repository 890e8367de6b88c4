import { defineTask } from '../../define/define-task.js';
import type { MilestoneDefinition } from '../../define/definition.js';
import type { ToolTask } from '../../define/tool-task.js';
import type { Split } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import type { Parts } from '../shared/split.js';
import { type Command, type CommandAction, type CommandSplit, commandsOf, lengthsOf, TRAINED_LENGTH, WORDS } from './command.js';

/** How far a command was followed. */
export interface CommandsState {
  /** Actions done. */
  done: number;
  /** Whether all of them were right. */
  right: boolean;
}

/** Names of the tools. */
export type CommandsTool = CommandAction | 'STOP';

/** Names of the stages: the most actions that a command asks for. */
export type CommandsStage = 'to-4' | 'to-8' | 'to-16' | 'to-22' | 'to-48';

/** Names of the milestones. */
export type CommandsMilestone = 'first-quarter' | 'second-quarter' | 'third-quarter' | 'all';

/** The type of {@link commands}. */
export type CommandsTask = ToolTask<Command, CommandsState, CommandsTool, CommandsStage, CommandsMilestone>;

/** Options of {@link createCommands}. */
export interface CommandsOptions {
  /**
   * What is held out. `'simple'`: one command in five, those whose texts have the smallest hashes. `'length'`: the 3,920 with more than 22
   * actions, in whatever stage; then a stage cannot be left by mastery, and is given a number of iterations.
   *
   * @defaultValue `'simple'`
   */
  readonly split?: CommandSplit | undefined;
  /**
   * `true`: the exact sequence is all that is paid; `false`: each quarter of it is paid too, up to the first action that is wrong.
   *
   * @defaultValue true
   */
  readonly endOnly?: boolean | undefined;
  /**
   * `true`: only tools may be emitted; `false`: all tokens.
   *
   * @defaultValue true
   */
  readonly mask?: boolean | undefined;
}

/** The longest sequence and its end. */
const HORIZON = 49;

const LENGTHS = { simple: [4, 8, 16, 48], length: [4, 8, 16, TRAINED_LENGTH] } as const;

/**
 * Makes the commands task, SCAN of Lake and Baroni (2018): a command in words, such as `jump left twice after walk`, is carried out action by
 * action.
 *
 * | part | is |
 * |---|---|
 * | command | a sentence, or two joined by `and`, or by `after`, where the second is done first |
 * | sentence | a phrase, or a phrase and `twice` or `thrice` |
 * | phrase | `walk`, `look`, `run` or `jump`; or one of these or `turn`, then `left` or `right`, between them nothing, `opposite` or `around` |
 *
 * A side alone is a turn to it before the act; `opposite` turns twice; `around` turns and acts four times; `turn` acts nothing. These are 20,910
 * commands of up to 9 words and up to 48 actions. A program is right when `STOP` ends it after exactly the actions asked for. Horizon 49.
 *
 * Stages have commands of at most 4, 8, 16 and 48 actions; with the split `'length'`, of at most 4, 8, 16 and 22.
 *
 * Supervised networks reach 99.8 % of what is held out in the simple split, and about 20 % in the length split.
 *
 * Rewards: 1 for a right program. Without `endOnly` also 0.1 for each quarter of the sequence.
 *
 * Groups are numbers of actions: `1 to 8`, `9 to 16`, `17 to 24` and `25 to 48`.
 *
 * Tokens: the 13 words, `[CTX]`, `[WALK]`, `[LOOK]`, `[RUN]`, `[JUMP]`, `[LTURN]`, `[RTURN]`, `[STOP]`, `[EOS]`, from 0 to 21. Contexts have up to 10
 * tokens, in which order counts.
 *
 * @param options - See {@link CommandsOptions}.
 * @returns The task.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function createCommands(options: CommandsOptions = {}): CommandsTask {
  const { split, endOnly, mask } = readOptions(options, (reader) => ({
    split: reader.choice('split', 'simple', ['simple', 'length']),
    endOnly: reader.boolean('endOnly', true),
    mask: reader.boolean('mask', true),
  }));
  return defineTask({
    name: split === 'simple' ? 'commands' : 'commands-length',
    stages: LENGTHS[split].map((length) => ({ name: `to-${length}` as const, length })),
    horizon: HORIZON,
    symbols: WORDS,
    contextLength: 10,
    mask,
    sample: (random, { length }, part?: Split): Command => {
      const from = upTo(split, length)[part ?? 'train'];
      return from[random.int(from.length)] as Command;
    },
    encode: ({ words }) => words,
    start: (): CommandsState => ({ done: 0, right: true }),
    tools: {
      WALK: does('WALK'),
      LOOK: does('LOOK'),
      RUN: does('RUN'),
      JUMP: does('JUMP'),
      LTURN: does('LTURN'),
      RTURN: does('RTURN'),
      STOP: { ends: true },
    },
    success: ({ done, right }, { actions }) => right && done === actions.length,
    milestones: endOnly ? undefined : MILESTONES,
    group: lengthsOf,
    target: ({ actions }) => actions.join(' '),
  });
}

const pools = new Map<string, Parts<Command>>();

/** Commands of at most so many actions. What the length split holds out is the same whatever is trained on. */
function upTo(split: CommandSplit, length: number): Parts<Command> {
  const key = `${split} ${length}`;
  const known = pools.get(key);
  if (known !== undefined) {
    return known;
  }
  const { train, test } = commandsOf(split);
  const short = ({ actions }: Command): boolean => actions.length <= length;
  const pool = { train: train.filter(short), test: split === 'simple' ? test.filter(short) : test };
  pools.set(key, pool);
  return pool;
}

function does(action: CommandAction) {
  return {
    run: (state: CommandsState, { actions }: Command): void => {
      state.right &&= actions[state.done] === action;
      state.done += 1;
    },
  };
}

type Milestone = MilestoneDefinition<Command, CommandsState, unknown, CommandsStage>;

const MILESTONES: Readonly<Record<CommandsMilestone, Milestone>> = {
  'first-quarter': quarters(1),
  'second-quarter': quarters(2),
  'third-quarter': quarters(3),
  all: quarters(4),
};

function quarters(count: number): Milestone {
  return { reward: 0.1, reached: ({ done, right }, { actions }) => right && done > 0 && 4 * done >= count * actions.length };
}

/** The default task: {@link createCommands} with its defaults. */
export const commands: CommandsTask = createCommands();
