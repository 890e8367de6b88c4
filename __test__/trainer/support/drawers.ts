import { defineTask } from 'innate';

const PLACES = ['left', 'middle', 'right'] as const;

/** What a task of drawers is beside its one stage with three of them, of which one is opened, after a look. */
interface DrawersOptions {
  /** `three` has three drawers, `two` the first two of them. */
  readonly stages?: readonly ('three' | 'two')[];
  readonly horizon?: number;
  /** Whether the first drawer that is opened ends the program. */
  readonly ends?: boolean;
  /** Whether anything is heard. */
  readonly hears?: boolean;
}

/** One of some drawers has the coin. The first look says where it is; nothing else does. Where `masked`, a drawer opens after a look alone. */
export function drawers(masked = false, { stages = ['three'], horizon = 3, ends = true, hears = true }: DrawersOptions = {}) {
  const open = (which: number) => ({
    ...(masked ? { when: ({ looked }: { readonly looked: boolean }): boolean => looked } : {}),
    ...(ends ? { ends } : {}),
    run: (state: { opened: number }): void => {
      state.opened = which;
    },
  });
  return defineTask({
    name: 'drawers',
    stages,
    horizon,
    symbols: ['look', 'left', 'middle', 'right'],
    ...(masked ? { mask: 'applicable' as const } : {}),
    sample: (random, stage): number => random.int(stage === 'two' ? 2 : 3),
    encode: () => ['look'],
    start: () => ({ looked: false, opened: -1 }),
    ...(hears
      ? {
          observe: (state: { readonly looked: boolean }, place: unknown) => (state.looked ? [PLACES[Number(place)] ?? 'look'] : []),
          observationLength: 1,
        }
      : {}),
    tools: {
      LOOK: {
        run: (state) => {
          state.looked = true;
        },
      },
      LEFT: open(0),
      MIDDLE: open(1),
      RIGHT: open(2),
    },
    success: (state, place) => state.opened === place,
  });
}
