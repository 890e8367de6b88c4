import { tmpdir } from 'node:os';
import test from 'ava';
import { innate } from '../support/command.js';

const COMMANDS = {
  train: ['task', 'environment', 'config', 'stages', 'iterations', 'steps', 'seed', 'folder', 'set', 'save'],
  resume: ['task', 'environment', 'config', 'every', 'save'],
  evaluate: ['task', 'problems', 'episodes', 'samples', 'split'],
  explain: ['task', 'stages', 'problems'],
  export: ['form', 'sampled', 'context-length'],
  check: ['task', 'environment', 'problems', 'episodes'],
  inspect: [],
  tutorial: ['seed', 'context'],
} as const;

/** A place without an addon, so that loading one fails. */
const NO_ADDON = { NAPI_RS_NATIVE_LIBRARY_PATH: '/no/such/addon.node' };

const TAKES: Readonly<Record<string, string>> = {
  resume: ' FOLDER',
  evaluate: ' FILE',
  explain: ' FILE',
  export: ' FILE OUTPUT',
  inspect: ' PATH',
};

test('innate --help lists the commands, and --version the version, without the addon', (t) => {
  for (const args of [[], ['--help'], ['-h']]) {
    const { code, stdout, stderr } = innate(tmpdir(), args, NO_ADDON);
    t.deepEqual([code, stderr], [0, '']);
    t.deepEqual(
      [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name),
      Object.keys(COMMANDS),
    );
    t.regex(stdout, /0 fine, 1 something failed or was found, 2 typed wrongly, 130 interrupted/);
  }
  t.regex(innate(tmpdir(), ['--version']).stdout, /^\d+\.\d+\.\d+\n$/);
});

for (const [name, options] of Object.entries(COMMANDS)) {
  test(`innate ${name} --help says what it takes, whatever else is typed, without the addon`, (t) => {
    for (const args of [['--help'], ['-h', '--json']]) {
      const { code, stdout, stderr } = innate(tmpdir(), [name, ...args], NO_ADDON);
      t.deepEqual([code, stderr], [0, '']);
      t.true(stdout.startsWith(`Usage: innate ${name}${TAKES[name] ?? ''} [options]\n\n`), stdout);
      for (const option of [...options, 'json', 'quiet', 'help']) {
        t.regex(stdout, new RegExp(`^ +(-., )?--${option}( <[^>]+>)? +\\S`, 'm'), option);
      }
    }
  });

  test(`innate ${name} takes no option that there is not`, (t) => {
    const { code, stdout, stderr } = innate(tmpdir(), [name, '--quite', '--json']);
    t.is(code, 2);
    t.is(stderr, `--quite: is not an option. Did you mean --quiet?\ninnate ${name} --help says what can be typed.\n`);
    t.deepEqual(JSON.parse(stdout), {
      error: {
        code: 'ERR_OPTIONS',
        message: '--quite: is not an option. Did you mean --quiet?',
        path: '--quite',
        remedy: 'Did you mean --quiet?',
      },
    });
  });
}

for (const [args, message] of [
  [['trian'], 'trian: is not a command. Did you mean train?'],
  [['toString'], 'toString: is not a command. Commands: train, resume,'],
  [['train', '--lr', '1e-3'], '--lr: is not an option. Did you mean --learning-rate?'],
  [
    ['train', '--ent_coef=1', '--foo'],
    '--ent_coef: is not an option.\n--foo: is not an option.\n Did you mean --entropy-coef? --help lists',
  ],
  [['train', '--seed'], "innate train: Option '--seed <value>' argument missing."],
  [['train', '--json=yes'], "innate train: Option '--json' does not take an argument."],
  [['train', 'arithmetic'], 'arithmetic: is one word too many. Type innate train [options].'],
  [['train'], '--task: must say what the agent is trained on. Pass --task, --environment, or --config'],
  [['train', '--task', 'arithmetik'], "--task: there is no 'arithmetik'. Did you mean arithmetic?"],
  [['train', '--task', 'xyz'], "--task: there is no 'xyz'. Pass one of arithmetic, commands"],
  [['train', '--task', './xyz.mjs'], '--task: names a file that is not there: '],
  [['train', '--task', 'arithmetic', '--environment', 'parity'], '--environment: cannot be given beside --task.'],
  [['train', '--environment', 'parity'], '--steps: must say how long is trained in environments.'],
  [['train', '--environment', 'parity', '--iterations', '3'], '--iterations: is for training on a task. Pass --steps.'],
  [['train', '--task', 'arithmetic', '--iterations', '1e3'], "--iterations: must be an integer of at least 1, got '1e3'."],
  [['train', '--task', 'arithmetic', '--stages', '0,mul'], "stages[1]: unknown stage 'mul'. Stages of arithmetic: 0 (multiply-add)"],
  [['train', '--task', 'arithmetic', '--learning-rate', 'x'], '--learning-rate: must be a finite number that 32 bits can hold'],
  [['train', '--task', 'arithmetic', '--set', 'learnngRate=1'], '--set learnngRate: is not an option. Did you mean learningRate?'],
  [['train', '--task', 'arithmetic', '--set', 'gama'], "--set: must be key=value, got 'gama'."],
  [['train', '--task', 'arithmetic', '--set', 'network.encodr=gru'], '--set network.encodr: is not an option. Did you mean encoder?'],
  [['train', '--task', 'arithmetic', '--every', '0'], '--every: must be an integer'],
  [['train', '--task', 'arithmetic', '--config', 'none.mjs'], '--config: names a file that is not there: '],
  [['resume'], 'FOLDER: is missing. Type innate resume FOLDER.'],
  [['export', 'a'], 'OUTPUT: is missing. Type innate export FILE OUTPUT.'],
  [['tutorial', '--context', 'none'], "--context: must be batch or own, got 'none'."],
  [['tutorial', '--seed', '0x10'], "--seed: must be an integer from 0 to 9007199254740991, got '0x10'."],
] as const) {
  test(`innate ${args.join(' ')} is typed wrongly`, (t) => {
    const { code, stdout, stderr } = innate(tmpdir(), args);
    t.deepEqual([code, stdout], [2, '']);
    t.true(stderr.startsWith(message), stderr);
    t.regex(stderr, /^innate( [a-z]+)? --help says what can be typed\.$/m);
    t.false(stderr.includes('    at '), 'no stack');
  });
}

for (const name of ['resume', 'evaluate', 'explain', 'inspect']) {
  test(`innate ${name} of what is not there fails`, (t) => {
    const { code, stdout, stderr } = innate(tmpdir(), [name, 'no/such/run', '--json']);
    t.is(code, 1);
    t.regex(stderr, /^path: cannot be read: it does not exist/);
    t.like(JSON.parse(stdout), { error: { code: 'ERR_CHECKPOINT', path: 'path' } });
  });
}

test('without an addon a command that needs one fails by its name', (t) => {
  const { code, stderr } = innate(tmpdir(), ['train', '--task', 'arithmetic', '--quiet'], NO_ADDON);
  t.is(code, 1);
  t.true(stderr.includes('/no/such/addon.node'), stderr);
});
