import { defineTask } from '#dist/define/define-task.js';

const STATUSES = ['lost', 'late', 'delivered'] as const;
const LINES = ['line 0', 'line 1', 'line 2'] as const;
type Status = (typeof STATUSES)[number];

interface Ticket {
  /** What the customer says. */
  readonly claim: 'missing' | 'broken';
  /** What the database knows: not shown, but LOOKUP answers it. */
  readonly status: Status;
  /** The order's line that it is about. */
  readonly line: number;
}

/**
 * A desk that has to look things up before it acts: the right call follows from a status that the ticket does not show.
 *
 * @param hears - Whether LOOKUP answers.
 */
export function createSupportDesk(hears = true) {
  return defineTask({
    name: 'support-desk',
    stages: ['tickets'],
    horizon: 6,
    symbols: ['missing', 'broken', ...STATUSES, ...LINES],
    sample: (random): Ticket => ({
      claim: random.int(2) === 0 ? 'missing' : 'broken',
      status: STATUSES[random.int(3)] ?? 'lost',
      line: random.int(3),
    }),
    encode: ({ claim, line }) => [claim, LINES[line] ?? 'line 0'],
    start: () => ({
      opened: false,
      refund: null as null | { readonly amount: 'full' | 'half'; readonly line: number },
      apologized: false,
      refused: 0,
    }),
    mask: 'applicable',
    observe: hears ? (state, { status }) => (state.opened ? [status] : []) : undefined,
    observationLength: hears ? 1 : undefined,
    tools: {
      LOOKUP: {
        when: (state) => !state.opened,
        run: (state) => {
          state.opened = true;
        },
      },
      REFUND: {
        parameters: { amount: ['full', 'half'], line: 3 },
        when: (state) => state.opened && state.refund === null,
        run: (state, _ticket, _stage, { amount, line }) => {
          state.refund = { amount, line };
        },
      },
      APOLOGIZE: {
        when: (state) => state.opened && !state.apologized,
        run: (state) => {
          state.apologized = true;
        },
      },
      REPLY: { when: (state) => state.opened, ends: true },
    },
    onRefused: (state) => {
      state.refused += 1;
    },
    milestones: { opened: { reward: 0.1, reached: (state) => state.opened } },
    success: ({ refund, apologized }, { status, line }) => {
      const amounts = { lost: 'full', late: 'half', delivered: undefined } as const;
      return apologized === (status === 'delivered') && refund?.amount === amounts[status] && (refund === null || refund.line === line);
    },
    target: ({ status, line }) => `${status}, line ${line}`,
  });
}
