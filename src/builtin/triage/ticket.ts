import { holdOut, lazily, type Parts } from '../shared/split.js';

/** Products. */
export const PRODUCTS = ['app', 'api', 'billing'] as const;
/** How bad it is. */
export const SEVERITIES = ['low', 'medium', 'high'] as const;
/** What the customer pays for. */
export const TIERS = ['free', 'team', 'enterprise'] as const;
/** Where the customer is. */
export const REGIONS = ['us', 'eu'] as const;
/** Whether we know who asks. */
export const AUTHS = ['verified', 'unverified'] as const;
/** What can be asked for. */
export const REQUESTS = ['refund', 'reset', 'export', 'upgrade'] as const;

/** What a ticket asks for. */
export type TriageRequest = (typeof REQUESTS)[number];

/** A ticket. */
export interface TriageTicket {
  /** What it is about. */
  readonly product: (typeof PRODUCTS)[number];
  /** How bad it is. */
  readonly severity: (typeof SEVERITIES)[number];
  /** What the customer pays for. */
  readonly tier: (typeof TIERS)[number];
  /** Where the customer is. */
  readonly region: (typeof REGIONS)[number];
  /** Whether we know who asks. */
  readonly auth: (typeof AUTHS)[number];
  /** What is to be done, in this order: two different requests. */
  readonly requests: readonly [TriageRequest, TriageRequest];
}

/** Rules by which tickets are told apart, from rare to common; `plain` is a ticket to which none of them applies. */
export type TriageRule = 'escalate' | 'page' | 'verify' | 'gdpr' | 'plain';

/** Whether a customer has to be verified before anything is done. */
export function needsVerify({ auth, tier }: TriageTicket): boolean {
  return auth === 'unverified' && tier !== 'enterprise';
}

/** Whether somebody has to be paged. */
export function needsPage({ severity, tier }: TriageTicket): boolean {
  return severity === 'high' && tier === 'enterprise';
}

/** Whether the ticket is to be escalated rather than closed. */
export function needsEscalate(ticket: TriageTicket): boolean {
  return ticket.product === 'billing' && needsPage(ticket);
}

/** Whether what is asked touches personal data. */
export function isPersonal(request: TriageRequest | undefined): boolean {
  return request === 'refund' || request === 'reset';
}

/** Whether the law has to be looked up before what touches personal data. */
export function needsGdpr({ region, requests: [first, second] }: TriageTicket): boolean {
  return region === 'eu' && (isPersonal(first) || isPersonal(second));
}

/** The rarest rule that applies: what success is measured by. */
export function ruleOf(ticket: TriageTicket): TriageRule {
  if (needsEscalate(ticket)) {
    return 'escalate';
  }
  if (needsPage(ticket)) {
    return 'page';
  }
  if (needsVerify(ticket)) {
    return 'verify';
  }
  return needsGdpr(ticket) ? 'gdpr' : 'plain';
}

/** All 1296 tickets, of which 324 are held out. */
export const TICKETS: Parts<TriageTicket> = lazily(() => holdOut(everyTicket(), textOf, 1 / 4));

function textOf({ product, severity, tier, region, auth, requests }: TriageTicket): string {
  return [product, severity, tier, region, auth, ...requests].join(' ');
}

function everyTicket(): TriageTicket[] {
  const pairs = REQUESTS.flatMap((first) =>
    REQUESTS.filter((other) => other !== first).map((second) => Object.freeze([first, second] as const)),
  );
  return PRODUCTS.flatMap((product) =>
    SEVERITIES.flatMap((severity) =>
      TIERS.flatMap((tier) =>
        REGIONS.flatMap((region) =>
          AUTHS.flatMap((auth) => pairs.map((requests) => Object.freeze({ product, severity, tier, region, auth, requests }))),
        ),
      ),
    ),
  );
}
