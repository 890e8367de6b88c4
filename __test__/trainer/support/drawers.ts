import { defineTask } from 'innate';

const PLACES = ['left', 'middle', 'right'] as const;

/** One of three drawers has the coin. The first look says where it is; nothing else does. Where `masked`, a drawer opens after a look alone. */
export function drawers(masked = false) {
  const open = (which: number) => ({
    ...(masked ? { when: ({ looked }: { readonly looked: boolean }): boolean => looked } : {}),
    ends: true,
    run: (state: { opened: number }): void => {
      state.opened = which;
    },
  });
  return defineTask({
    name: 'drawers',
    stages: ['three'],
    horizon: 3,
    symbols: ['look', 'left', 'middle', 'right'],
    ...(masked ? { mask: 'applicable' as const } : {}),
    sample: (random): number => random.int(3),
    encode: () => ['look'],
    start: () => ({ looked: false, opened: -1 }),
    observe: (state: { readonly looked: boolean }, place: unknown) => (state.looked ? [PLACES[Number(place)] ?? 'look'] : []),
    observationLength: 1,
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
