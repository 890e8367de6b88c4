import test from 'ava';
import { ruleOf, TICKETS, type TriageTicket } from '#dist/builtin/triage/ticket.js';
import { createTriage, type TriageForm, type TriageTask, type TriageTool, triage } from '#dist/builtin/triage/triage.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { Random } from '#dist/util/random.js';

const EVERY: readonly TriageTicket[] = [...TICKETS.train, ...TICKETS.test];
const FORMS: readonly TriageForm[] = ['when', 'blind', 'penalty'];
const ACTIONS = { refund: 'REFUND', reset: 'RESET', export: 'EXPORT', upgrade: 'UPGRADE' } as const;

/** The rules, written down a second time. */
function solve({ product, severity, tier, region, auth, requests }: TriageTicket): TriageTool[] {
  const important = tier === 'enterprise' && severity === 'high';
  const plan: TriageTool[] = ['OPEN'];
  if (auth === 'unverified' && tier !== 'enterprise') {
    plan.push('VERIFY');
  }
  if (important) {
    plan.push('PAGE');
  }
  if (region === 'eu' && requests.some((request) => ['refund', 'reset'].includes(request))) {
    plan.push('GDPR');
  }
  plan.push(...requests.map((request) => ACTIONS[request]));
  plan.push(important && product === 'billing' ? 'ESCALATE' : 'CLOSE');
  return plan;
}

const TICKET: TriageTicket = {
  product: 'app',
  severity: 'low',
  tier: 'free',
  region: 'eu',
  auth: 'unverified',
  requests: ['export', 'reset'],
};

function trace(task: TriageTask, ticket: TriageTicket, ...tools: readonly TriageTool[]) {
  return task.trace(ticket, 0, task.program(...tools).subarray(0, tools.length));
}

test('there are 1296 tickets, 324 of them held out, and every rule is among both', (t) => {
  t.is(new Set(EVERY.map((ticket) => JSON.stringify(ticket))).size, 1296);
  t.is(TICKETS.test.length, 324);
  const count = (tickets: readonly TriageTicket[]) =>
    ['escalate', 'page', 'verify', 'gdpr', 'plain'].map((rule) => tickets.filter((ticket) => ruleOf(ticket) === rule).length);
  t.deepEqual(count(EVERY), [48, 96, 432, 300, 420]);
  t.deepEqual(count(TICKETS.test), [12, 21, 106, 72, 113]);
});

test('what is drawn to train on is never held out, and all of both is drawn, each of its rule', (t) => {
  const texts = (tickets: readonly TriageTicket[]) => [...new Set(tickets.map((ticket) => JSON.stringify(ticket)))].sort();
  for (const split of ['train', 'test'] as const) {
    const batch = triage.sample(new Int32Array(20_000), new Random(1), split);
    t.deepEqual(texts(batch.problems), texts(TICKETS[split]));
    t.true(batch.problems.every((ticket, index) => triage.group?.(batch, index) === ruleOf(ticket)));
  }
});

for (const form of FORMS) {
  const task = createTriage({ form });

  test(`${form}: the rules solve every ticket, within the horizon`, (t) => {
    for (const ticket of EVERY) {
      const { success, episodeReturn, steps } = trace(task, ticket, ...solve(ticket));
      t.true(success && steps.every(({ applied }) => applied));
      // Opened, two requests, and one for each rule.
      t.true(Math.abs(episodeReturn - (1 + (steps.length - 1) / 10)) < 1e-9);
      t.true(steps.length <= 6);
    }
  });

  test(`${form}: the other end, a missing tool or a needless one is never right, but for needless ones of the form blind`, (t) => {
    for (const ticket of EVERY) {
      const plan = solve(ticket);
      const wrongEnd = [...plan.slice(0, -1), plan.at(-1) === 'CLOSE' ? 'ESCALATE' : 'CLOSE'] as const;
      t.false(trace(task, ticket, ...wrongEnd).success);
      for (let at = 0; at < plan.length; at += 1) {
        t.false(trace(task, ticket, ...plan.toSpliced(at, 1)).success, `${plan.join(' ')} without tool ${at}`);
      }
      for (const needless of (['VERIFY', 'PAGE', 'GDPR'] as const).filter((tool) => !plan.includes(tool))) {
        t.is(trace(task, ticket, ...plan.toSpliced(1, 0, needless)).success, form !== 'penalty', needless);
      }
    }
  });

  test(`${form}: checkTask finds that it can be solved, and no error`, (t) => {
    const { findings, solvable } = checkTask(task);
    t.true(solvable);
    // Guards that say what is needed leave the requests' end alone to chance, and states in which no two tickets may do the same.
    const notes = form === 'when' ? ['search-incomplete', 'random-succeeds', 'needs-no-memory'] : [];
    t.deepEqual(
      findings.map(({ code }) => code),
      notes,
    );
    t.true(findings.every(({ severity }) => severity === 'note'));
  });
}

test('when: guards say what is needed, and nothing applies too early', (t) => {
  const allowed = (...tools: TriageTool[]): string[] => {
    const run = triage.machine.start(TICKET, 0);
    for (const tool of tools) {
      triage.machine.step(run, triage.token(tool));
    }
    return triage.machine.allowed(run).map((token) => triage.vocabulary[token] ?? '');
  };
  t.deepEqual(allowed(), ['[OPEN]']);
  t.deepEqual(allowed('OPEN'), ['[VERIFY]', '[GDPR]']);
  t.deepEqual(allowed('OPEN', 'VERIFY'), ['[GDPR]', '[EXPORT]']);
  t.deepEqual(allowed('OPEN', 'VERIFY', 'EXPORT'), ['[GDPR]']);
  t.deepEqual(allowed('OPEN', 'VERIFY', 'EXPORT', 'GDPR', 'RESET'), ['[CLOSE]', '[ESCALATE]']);
});

test('blind: what was done too early cannot be made good', (t) => {
  const blind = createTriage({ form: 'blind' });
  t.true(trace(blind, TICKET, 'OPEN', 'PAGE', 'GDPR', 'VERIFY', 'EXPORT', 'RESET', 'CLOSE').success);
  t.false(trace(blind, TICKET, 'OPEN', 'EXPORT', 'VERIFY', 'EXPORT', 'GDPR', 'RESET', 'CLOSE').success);
  t.false(trace(blind, TICKET, 'OPEN', 'VERIFY', 'GDPR', 'RESET', 'EXPORT', 'CLOSE').success, 'the order of requests');
  t.false(trace(blind, TICKET, 'OPEN', 'VERIFY', 'GDPR', 'EXPORT', 'REFUND', 'RESET', 'CLOSE').success, 'not asked for');
  t.false(trace(blind, TICKET, 'OPEN', 'VERIFY', 'GDPR', 'EXPORT', 'RESET').success, 'no end');
});

test('penalty: each of the first three wrong tools costs 0.1', (t) => {
  const task = createTriage({ form: 'penalty', mask: true });
  const worth = (...tools: TriageTool[]) => Math.round(10 * trace(task, TICKET, ...tools).episodeReturn) / 10;
  t.is(worth('OPEN'), 0.1);
  t.is(worth('OPEN', 'OPEN'), 0, 'refused');
  t.is(worth('OPEN', 'PAGE', 'UPGRADE'), -0.1);
  t.is(worth('OPEN', 'PAGE', 'UPGRADE', 'REFUND', 'RESET'), -0.2);
  t.is(worth('OPEN', 'CLOSE'), 0);
  t.is(worth('OPEN', 'VERIFY', 'GDPR', 'EXPORT', 'RESET', 'ESCALATE'), 0.4);
});

test('a ticket is shown whole, each request by its place', (t) => {
  t.deepEqual(triage.describe(triage.encode([TICKET], 0), 0), {
    context: 'app low free eu unverified first-export then-reset [CTX]',
    target: 'closed',
  });
  t.is(triage.encode([...EVERY], 0).contexts.length, 8 * 1296);
});

test('options that are wrong or unknown are refused', (t) => {
  const paths = (options: unknown) =>
    t.throws(() => createTriage(options as never), { instanceOf: OptionsError })?.issues.map(({ path }) => path);
  t.deepEqual(paths({ form: 'easy', mask: 1 }), ['form', 'mask']);
  t.deepEqual(paths({ forms: 'blind' }), ['forms']);
});
