import { holdOut, type Parts } from '../shared/split.js';

/** Words of commands. */
export const WORDS = [
  'walk',
  'look',
  'run',
  'jump',
  'turn',
  'left',
  'right',
  'opposite',
  'around',
  'twice',
  'thrice',
  'and',
  'after',
] as const;

/** A word. */
export type CommandWord = (typeof WORDS)[number];

/** What a command asks for: four acts and two turns. */
export type CommandAction = 'WALK' | 'LOOK' | 'RUN' | 'JUMP' | 'LTURN' | 'RTURN';

/** A command, and what it means. */
export interface Command {
  /** Its words, in order; at most 9. */
  readonly words: readonly CommandWord[];
  /** What is to be done, in order; 1 to 48. */
  readonly actions: readonly CommandAction[];
}

const ACTS = { walk: ['WALK'], look: ['LOOK'], run: ['RUN'], jump: ['JUMP'], turn: [] } as const;
const TURNS = { left: 'LTURN', right: 'RTURN' } as const;

/** `V`: an act, or an act or a turn to a side, turning once, twice, or all around. */
function phrases(): Command[] {
  const acts = Object.keys(ACTS) as (keyof typeof ACTS)[];
  const simple = acts.filter((word) => word !== 'turn').map((word): Command => ({ words: [word], actions: ACTS[word] }));
  const sides = (Object.keys(TURNS) as (keyof typeof TURNS)[]).flatMap((side) =>
    acts.flatMap((word): Command[] => {
      const turn = TURNS[side];
      const once = [turn, ...ACTS[word]];
      return [
        { words: [word, side], actions: once },
        { words: [word, 'opposite', side], actions: [turn, ...once] },
        { words: [word, 'around', side], actions: [...once, ...once, ...once, ...once] },
      ];
    }),
  );
  return [...simple, ...sides];
}

/** `S`: a phrase, once, twice or three times. */
function sentences(): Command[] {
  return phrases().flatMap(({ words, actions }): Command[] => [
    { words, actions },
    { words: [...words, 'twice'], actions: [...actions, ...actions] },
    { words: [...words, 'thrice'], actions: [...actions, ...actions, ...actions] },
  ]);
}

/** All 20,910 commands: a sentence, or two of them joined by `and` or `after`. */
export function everyCommand(): Command[] {
  const all = sentences();
  const joined = all.flatMap((one) =>
    all.flatMap((other): Command[] => [
      { words: [...one.words, 'and', ...other.words], actions: [...one.actions, ...other.actions] },
      { words: [...one.words, 'after', ...other.words], actions: [...other.actions, ...one.actions] },
    ]),
  );
  return [...all, ...joined];
}

/** How commands are held out. */
export type CommandSplit = 'simple' | 'length';

/** The most actions of a command that the length split trains on. */
export const TRAINED_LENGTH = 22;

const made = new Map<CommandSplit, Parts<Command>>();

/**
 * @param split - `'simple'`: one command in five is held out, those whose texts have the smallest hashes; `'length'`: those with more than 22
 * actions.
 * @returns The commands in two parts: made when first asked for.
 */
export function commandsOf(split: CommandSplit): Parts<Command> {
  const known = made.get(split);
  if (known !== undefined) {
    return known;
  }
  const all = everyCommand();
  const parts =
    split === 'simple'
      ? holdOut(all, ({ words }) => words.join(' '), 1 / 5)
      : {
          train: all.filter(({ actions }) => actions.length <= TRAINED_LENGTH),
          test: all.filter(({ actions }) => actions.length > TRAINED_LENGTH),
        };
  made.set(split, parts);
  return parts;
}

/**
 * What success is told apart by.
 *
 * @param command - The command.
 * @returns Between which numbers that of its actions is.
 */
export function lengthsOf({ actions }: Command): string {
  const { length } = actions;
  if (length <= 8) {
    return '1 to 8';
  }
  if (length <= 16) {
    return '9 to 16';
  }
  return length <= 24 ? '17 to 24' : '25 to 48';
}
