import { defineTask, type Random } from 'innate';

export type Status = 'unknown' | 'in transit' | 'delivered' | 'lost';
export type Stock = 'in stock' | 'sold out';
export type Claim = 'missing' | 'broken';

/** What the warehouse knows of an order. */
export interface Order {
  readonly status: Status;
  readonly customer: 'regular' | 'premium';
  readonly stock: Stock;
}

/** A customer's ticket. The desk reads the claim; what is behind the order's number it has to look up. */
export interface Ticket {
  readonly order: number;
  readonly claim: Claim;
  /** In simulation: what looking the order up will find. */
  readonly simulated?: Order;
}

/** What the desk has found out and done. */
export interface Desk {
  found: Omit<Order, 'stock'> | null;
  stock: Stock | null;
  refunded: 'full' | 'half' | null;
  reshipped: 'standard' | 'express' | null;
  replied: Reply | null;
}

const REPLIES = ['settled', 'patience', 'no such order'] as const;
export type Reply = (typeof REPLIES)[number];

/** The house rules: what is due to a claim about such an order. */
export function policy(claim: Claim, { status, customer, stock }: Order): Pick<Desk, 'refunded' | 'reshipped' | 'replied'> {
  const nothing = { refunded: null, reshipped: null } as const;
  if (status === 'unknown') {
    return { ...nothing, replied: 'no such order' };
  }
  if (status === 'in transit') {
    return { ...nothing, replied: 'patience' };
  }
  if (status === 'delivered' && claim === 'missing') {
    return { refunded: 'half', reshipped: null, replied: 'settled' };
  }
  if (stock === 'sold out') {
    return { refunded: 'full', reshipped: null, replied: 'settled' };
  }
  return { refunded: null, reshipped: customer === 'premium' ? 'express' : 'standard', replied: 'settled' };
}

/** A support desk that looks things up before it acts: no ticket says what is due. */
export const supportDesk = defineTask({
  name: 'support-desk',
  stages: ['tickets'],
  horizon: 6,
  symbols: ['missing', 'broken', 'unknown', 'in transit', 'delivered', 'lost', 'regular', 'premium', 'in stock', 'sold out'],
  sample: (random): Ticket => ({
    order: 1 + random.int(9999),
    claim: pick(random, ['missing', 'broken']),
    simulated: {
      status: pick(random, ['unknown', 'in transit', 'delivered', 'lost']),
      customer: pick(random, ['regular', 'premium']),
      stock: pick(random, ['in stock', 'sold out']),
    },
  }),
  encode: ({ claim }) => [claim],
  start: (): Desk => ({ found: null, stock: null, refunded: null, reshipped: null, replied: null }),
  mask: 'applicable',
  observationLength: 3,
  observe: ({ found, stock }) => (found === null ? [] : [found.status, found.customer, ...(stock === null ? [] : [stock])]),
  tools: {
    LOOKUP: {
      when: ({ found }) => found === null,
      run: (desk, { simulated }) => {
        desk.found = simulated ?? null;
      },
    },
    CHECK_STOCK: {
      when: (desk) => isOpen(desk) && desk.stock === null,
      run: (desk, { simulated }) => {
        desk.stock = simulated?.stock ?? null;
      },
    },
    REFUND: {
      parameters: { amount: ['full', 'half'] },
      when: (desk) => isOpen(desk),
      run: (desk, _ticket, _stage, { amount }) => {
        desk.refunded = amount;
      },
    },
    RESHIP: {
      parameters: { speed: ['standard', 'express'] },
      when: (desk) => isOpen(desk) && desk.stock === 'in stock',
      run: (desk, _ticket, _stage, { speed }) => {
        desk.reshipped = speed;
      },
    },
    REPLY: {
      parameters: { text: REPLIES },
      when: ({ found }) => found !== null,
      run: (desk, _ticket, _stage, { text }) => {
        desk.replied = text;
      },
      ends: true,
    },
  },
  milestones: {
    found: { reward: 0.1, reached: ({ found }) => found !== null },
    // Without it the desk would not care whether it asks the warehouse in vain, and never be sure of what to do.
    needless: { reward: -0.2, reached: ({ stock }, ticket) => stock !== null && !asksForStock(ticket) },
    settled: { reward: 0.3, reached: (desk, ticket) => isSettled(desk, ticket) && desk.refunded !== desk.reshipped },
  },
  success: (desk, ticket) => isSettled(desk, ticket) && desk.replied === dueTo(ticket)?.replied,
  target: (ticket) =>
    Object.entries(dueTo(ticket) ?? {})
      .flatMap(([what, how]) => (how === null ? [] : `${what}: ${how}`))
      .join(', '),
});

function pick<const T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[random.int(choices.length)] ?? choices[0];
}

/** Whether something can be done about an order. */
function isOpen({ found, refunded, reshipped }: Desk): boolean {
  return found !== null && found.status !== 'unknown' && refunded === null && reshipped === null;
}

function dueTo({ claim, simulated }: Ticket): ReturnType<typeof policy> | undefined {
  return simulated === undefined ? undefined : policy(claim, simulated);
}

/** Whether what is due depends on the stock. */
function asksForStock(ticket: Ticket): boolean {
  const due = dueTo(ticket);
  return due !== undefined && (due.refunded === 'full' || due.reshipped !== null);
}

function isSettled(desk: Desk, ticket: Ticket): boolean {
  const due = dueTo(ticket);
  return desk.refunded === due?.refunded && desk.reshipped === due.reshipped;
}
