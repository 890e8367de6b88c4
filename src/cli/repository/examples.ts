/** An example: its program in `build/examples`, and what it shows, in one line. */
export interface Example {
  /** Path of the program without its ending. */
  readonly program: string;
  /** What it shows. */
  readonly shows: string;
  /**
   * Options of a short pass, which shows that it runs and not what can be learned.
   *
   * @defaultValue none: it is short
   */
  readonly short?: readonly string[];
}

/** The examples by the name that `npm run example` takes. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  'support-desk': { program: 'support-desk/main', shows: 'looks things up before it acts; then solves tickets in a SQLite database' },
  'refund-desk': { program: 'refund-desk/main', shows: 'reads a ticket once and works through it by the house rules' },
  'http-environment': {
    program: 'http-environment',
    shows: 'PPO in an asynchronous environment behind a service on loopback',
    short: ['--steps', '384'],
  },
  page: {
    program: 'page/main',
    shows: 'two pages on which trained agents work step by step in a browser',
    short: ['--iterations', '2', '--steps', '2048'],
  },
  server: {
    program: 'server/main',
    shows: 'an HTTP server that goes on to newer checkpoints while it answers',
    short: ['--iterations', '2'],
  },
  ...tasks({
    triage: 'tickets by rules, one of which applies to one ticket in 27',
    expressions: 'infix expressions, products first',
    countdown: 'some numbers, and a target to be made of them',
    commands: 'SCAN: commands in words, carried out action by action',
  }),
  ...environments({
    'cart-pole': 'CartPole-v1',
    'flickering-cart-pole': 'CartPole with half of the observations left out',
    'repeat-first': "POPGym's RepeatFirst, easy",
    'repeat-previous': "POPGym's RepeatPrevious, easy",
    'count-recall': "POPGym's CountRecall, easy",
    autoencode: "POPGym's Autoencode, easy",
    't-maze': 'passive T-maze with a corridor of 50',
    'memory-len': "bsuite's memory_len",
    parity: 'parity of up to 16 bits',
    'guess-number': 'a number from 1 to 7 in three guesses',
    bandit: "POPGym's MultiarmedBandit, easy",
  }),
};

/** @returns The examples, one a line. */
export function listExamples(): string {
  const width = Math.max(...Object.keys(EXAMPLES).map((name) => name.length));
  return Object.entries(EXAMPLES)
    .map(([name, { shows }]) => `  ${name.padEnd(width)}  ${shows}`)
    .join('\n');
}

function tasks(shown: Readonly<Record<string, string>>): Record<string, Example> {
  return Object.fromEntries(
    Object.entries(shown).map(([name, shows]) => [name, { program: `tasks/${name}`, shows, short: ['--iterations', '2'] }]),
  );
}

function environments(shown: Readonly<Record<string, string>>): Record<string, Example> {
  return Object.fromEntries(
    Object.entries(shown).map(([name, shows]) => [name, { program: `environments/${name}`, shows, short: ['--steps', '2048'] }]),
  );
}
