import { defineTask } from 'innate';

/** What a customer's ticket says. */
export interface Ticket {
  readonly claim: 'lost' | 'damaged' | 'late';
  readonly value: 'cheap' | 'costly';
  readonly stock: 'in stock' | 'sold out';
  readonly customer: 'trusted' | 'flagged';
}

/** What has been done about it so far. */
export interface Desk {
  opened: boolean;
  labeled: boolean;
  reshipped: boolean;
  refunded: boolean;
  escalated: boolean;
}

/** The house rules: what has to be done, and nothing else. */
export function policy(ticket: Ticket): Desk {
  const escalated = ticket.customer === 'flagged';
  const owed = !escalated && ticket.claim !== 'late';
  return {
    opened: true,
    // Costly goods that arrived broken have to come back first.
    labeled: owed && ticket.claim === 'damaged' && ticket.value === 'costly',
    reshipped: owed && ticket.stock === 'in stock',
    refunded: owed && ticket.stock === 'sold out',
    escalated,
  };
}

/** An order desk: the agent reads a ticket once and works through it with the desk's own functions. */
export const refundDesk = defineTask({
  name: 'refund-desk',
  stages: [
    { name: 'lost parcels', claims: ['lost'], screening: false },
    { name: 'damaged goods', claims: ['lost', 'damaged'], screening: false },
    { name: 'whole desk', claims: ['lost', 'damaged', 'late'], screening: true },
  ],
  horizon: 5,
  symbols: ['lost', 'damaged', 'late', 'cheap', 'costly', 'in stock', 'sold out', 'trusted', 'flagged'],
  contextLength: 5,
  sample: (random, stage): Ticket => ({
    claim: stage.claims[random.int(stage.claims.length)] ?? 'lost',
    value: random.int(2) === 0 ? 'cheap' : 'costly',
    stock: random.int(2) === 0 ? 'in stock' : 'sold out',
    customer: stage.screening && random.int(4) === 0 ? 'flagged' : 'trusted',
  }),
  encode: ({ claim, value, stock, customer }) => [claim, value, stock, customer],
  start: (): Desk => ({ opened: false, labeled: false, reshipped: false, refunded: false, escalated: false }),
  tools: {
    LOOKUP: {
      when: (desk) => !desk.opened,
      run: (desk) => {
        desk.opened = true;
      },
    },
    LABEL: {
      // Once the customer has been served, nobody sends goods back.
      when: (desk) => desk.opened && !desk.labeled && !desk.reshipped && !desk.refunded,
      run: (desk) => {
        desk.labeled = true;
      },
    },
    RESHIP: {
      when: (desk) => desk.opened && !desk.reshipped,
      run: (desk) => {
        desk.reshipped = true;
      },
    },
    REFUND: {
      when: (desk) => desk.opened && !desk.refunded,
      run: (desk) => {
        desk.refunded = true;
      },
    },
    ESCALATE: {
      when: (desk) => desk.opened && !desk.escalated,
      run: (desk) => {
        desk.escalated = true;
      },
    },
    REPLY: { when: (desk) => desk.opened, ends: true },
  },
  milestones: {
    opened: { reward: 0.1, reached: (desk) => desk.opened },
    labeled: { reward: 0.1, reached: (desk, ticket) => policy(ticket).labeled && desk.labeled },
    settled: { reward: 0.2, reached: asPolicyHasIt },
  },
  success: asPolicyHasIt,
  target: (ticket) => {
    const { labeled, reshipped, refunded, escalated } = policy(ticket);
    const due = [labeled && 'label', reshipped && 'reship', refunded && 'refund', escalated && 'escalate'].filter(Boolean);
    return [...due, 'reply'].join(', ');
  },
});

function asPolicyHasIt(desk: Desk, ticket: Ticket): boolean {
  const due = policy(ticket);
  return (
    desk.labeled === due.labeled && desk.reshipped === due.reshipped && desk.refunded === due.refunded && desk.escalated === due.escalated
  );
}
