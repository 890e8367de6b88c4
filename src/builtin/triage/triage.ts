import { defineTask } from '../../define/define-task.js';
import type { MilestoneDefinition } from '../../define/definition.js';
import type { ToolTask } from '../../define/tool-task.js';
import type { Split } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import { readMask } from '../shared/mask.js';
import {
  AUTHS,
  isPersonal,
  needsEscalate,
  needsGdpr,
  needsPage,
  needsVerify,
  PRODUCTS,
  REGIONS,
  REQUESTS,
  ruleOf,
  SEVERITIES,
  TICKETS,
  TIERS,
  type TriageRequest,
  type TriageTicket,
} from './ticket.js';

/** What has been done about a ticket. */
export interface TriageState {
  /** Whether it was opened. */
  opened: boolean;
  /** Whether the customer was verified. */
  verified: boolean;
  /** Whether somebody was paged. */
  paged: boolean;
  /** Whether the law was looked up. */
  lawful: boolean;
  /** Requests fulfilled as the rules want it, 0 to 2. */
  fulfilled: number;
  /** Tools that broke a rule or, in the form `'penalty'`, were not needed. */
  wrong: number;
  /** How it ended; empty while it goes on. */
  outcome: '' | 'closed' | 'escalated';
}

/** Names of the tools. */
export type TriageTool = 'OPEN' | 'VERIFY' | 'PAGE' | 'GDPR' | 'REFUND' | 'RESET' | 'EXPORT' | 'UPGRADE' | 'CLOSE' | 'ESCALATE';

/** Names of the milestones. */
export type TriageMilestone =
  | 'opened'
  | 'verified'
  | 'paged'
  | 'lawful'
  | 'first-request'
  | 'second-request'
  | 'first-wrong'
  | 'second-wrong'
  | 'third-wrong';

/** What the task is: see {@link createTriage}. */
export type TriageForm = 'when' | 'blind' | 'penalty';

/** The type of {@link triage}. */
export type TriageTask = ToolTask<TriageTicket, TriageState, TriageTool, 'ticket', TriageMilestone>;

/** Options of {@link createTriage}. */
export interface TriageOptions {
  /**
   * `'when'`: a tool can be used only as the rules want it. `'blind'`: whatever is possible can be used, needed or not, and what breaks a rule
   * spoils the ticket. `'penalty'`: that, and a tool that was not needed spoils the ticket too and costs 0.1.
   *
   * @defaultValue `'when'`
   */
  readonly form?: TriageForm | undefined;
  /**
   * `'applicable'`: only tools that can be used may be emitted, so that the task is closed loop; `true`: all tools may; `false`: all tokens.
   *
   * @defaultValue `'applicable'`
   */
  readonly mask?: boolean | 'applicable' | undefined;
}

const FORMS = ['when', 'blind', 'penalty'] as const;

type Milestone = MilestoneDefinition<TriageTicket, TriageState, unknown, 'ticket'>;

const SYMBOLS = [
  ...PRODUCTS,
  ...SEVERITIES,
  ...TIERS,
  ...REGIONS,
  ...AUTHS,
  ...REQUESTS.map((request) => `first-${request}` as const),
  ...REQUESTS.map((request) => `then-${request}` as const),
];

const GAINS = {
  opened: gain(({ opened }) => opened),
  verified: gain(({ verified }, ticket) => verified && needsVerify(ticket)),
  paged: gain(({ paged }, ticket) => paged && needsPage(ticket)),
  lawful: gain(({ lawful }, ticket) => lawful && needsGdpr(ticket)),
  'first-request': gain(({ fulfilled }) => fulfilled >= 1),
  'second-request': gain(({ fulfilled }) => fulfilled === 2),
};

const COSTS = { 'first-wrong': cost(1), 'second-wrong': cost(2), 'third-wrong': cost(3) };

function gain(reached: Milestone['reached']): Milestone {
  return { reward: 0.1, reached };
}

function cost(count: number): Milestone {
  return { reward: -0.1, reached: ({ wrong }) => wrong >= count };
}

/**
 * Makes the triage task: a support ticket is read once and worked through by rules, one of which applies to one ticket in 27.
 *
 * A ticket has a product, a severity, a tier, a region, an authentication and two different requests, 1296 tickets in all; 324 of them are held
 * out, those whose texts have the smallest hashes.
 *
 * | rule | applies to |
 * |---|---|
 * | `OPEN` comes first | all |
 * | `VERIFY` before any request, for unverified customers who are not enterprise | 33 % |
 * | `GDPR` before the first refund or reset, in the EU | 42 % |
 * | `PAGE` before the end, for high severity of enterprise customers | 11 % |
 * | and if the product is billing too, the end is `ESCALATE` rather than `CLOSE` | 3.7 % |
 * | both requests are fulfilled, in their order | all |
 *
 * A program is right when its end is the one that the rules want, after all that they want. Horizon 8; the longest right program without a
 * needless tool has 6. In the forms `'blind'` and `'penalty'` a request that is fulfilled too early, in the wrong order or without having been
 * asked for cannot be made good.
 *
 * Rewards: 1 for a right program, and 0.1 for each of `opened`, `verified`, `paged`, `lawful`, `first-request` and `second-request`, where
 * needed. In the form `'penalty'` each of the first three wrong tools costs 0.1.
 *
 * Groups are the rarest rule that applies: `escalate`, `page`, `verify`, `gdpr` or `plain`.
 *
 * Tokens: a symbol for each value of each field, the two requests having symbols of their own, since the order of symbols need not be read.
 *
 * @param options - See {@link TriageOptions}.
 * @returns The task.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function createTriage(options: TriageOptions = {}): TriageTask {
  const { form, mask } = readOptions(options, (reader) => ({
    form: reader.choice('form', 'when', FORMS),
    mask: readMask(reader),
  }));
  const guarded = form === 'when';
  const penalty = form === 'penalty';
  return defineTask({
    name: guarded ? 'triage' : `triage-${form}`,
    stages: ['ticket'],
    horizon: 8,
    symbols: SYMBOLS,
    contextLength: 8,
    mask,
    sample: (random, _, split?: Split): TriageTicket => {
      const tickets = TICKETS[split ?? 'train'];
      return tickets[random.int(tickets.length)] as TriageTicket;
    },
    encode: ({ product, severity, tier, region, auth, requests: [first, second] }) => [
      product,
      severity,
      tier,
      region,
      auth,
      `first-${first}`,
      `then-${second}`,
    ],
    start: (): TriageState => ({
      opened: false,
      verified: false,
      paged: false,
      lawful: false,
      fulfilled: 0,
      wrong: 0,
      outcome: '',
    }),
    tools: {
      OPEN: {
        when: (state) => !state.opened,
        run: (state) => {
          state.opened = true;
        },
      },
      VERIFY: {
        when: (state, ticket) => state.opened && !state.verified && (!guarded || needsVerify(ticket)),
        run: (state, ticket) => {
          state.verified = true;
          state.wrong += penalty && !needsVerify(ticket) ? 1 : 0;
        },
      },
      PAGE: {
        when: (state, ticket) => state.opened && !state.paged && (!guarded || needsPage(ticket)),
        run: (state, ticket) => {
          state.paged = true;
          state.wrong += penalty && !needsPage(ticket) ? 1 : 0;
        },
      },
      GDPR: {
        when: (state, ticket) => state.opened && !state.lawful && (!guarded || needsGdpr(ticket)),
        run: (state, ticket) => {
          state.lawful = true;
          state.wrong += penalty && !needsGdpr(ticket) ? 1 : 0;
        },
      },
      REFUND: fulfils('refund', guarded),
      RESET: fulfils('reset', guarded),
      EXPORT: fulfils('export', guarded),
      UPGRADE: fulfils('upgrade', guarded),
      CLOSE: ends('closed', guarded),
      ESCALATE: ends('escalated', guarded),
    },
    onRefused: penalty
      ? (state) => {
          state.wrong += 1;
        }
      : undefined,
    success: (state) => state.outcome !== '' && state.wrong === 0,
    // Those of the form are there, and nobody asks for the others.
    milestones: (penalty ? { ...GAINS, ...COSTS } : GAINS) as typeof GAINS & typeof COSTS,
    group: ruleOf,
    target: (ticket) => (needsEscalate(ticket) ? 'escalated' : 'closed'),
  });
}

/** The default task: {@link createTriage} with its defaults. */
export const triage: TriageTask = createTriage();

/** The tool that fulfils a request: as the rules want it, or wrongly. */
function fulfils(request: TriageRequest, guarded: boolean) {
  return {
    when: (state: TriageState, ticket: TriageTicket) => state.opened && (!guarded || mayFulfil(request, state, ticket)),
    run: (state: TriageState, ticket: TriageTicket) => {
      if (mayFulfil(request, state, ticket)) {
        state.fulfilled += 1;
      } else {
        state.wrong += 1;
      }
    },
  };
}

function mayFulfil(request: TriageRequest, { verified, lawful, fulfilled }: TriageState, ticket: TriageTicket): boolean {
  return (
    ticket.requests[fulfilled] === request && (verified || !needsVerify(ticket)) && (lawful || !(isPersonal(request) && needsGdpr(ticket)))
  );
}

/** A tool that ends the work: when all is done, or too early. Which of both is right no guard says. */
function ends(outcome: 'closed' | 'escalated', guarded: boolean) {
  return {
    when: (state: TriageState, ticket: TriageTicket) => state.opened && (!guarded || isDone(state, ticket)),
    run: (state: TriageState, ticket: TriageTicket) => {
      state.outcome = outcome;
      state.wrong += isDone(state, ticket) && needsEscalate(ticket) === (outcome === 'escalated') ? 0 : 1;
    },
    ends: true,
  };
}

function isDone({ paged, fulfilled }: TriageState, ticket: TriageTicket): boolean {
  return fulfilled === 2 && (paged || !needsPage(ticket));
}
