import { parseArgs } from 'node:util';
import { DeviceError, NativeLoadError } from 'innate';
import { cuda } from './cuda.js';
import { curricula } from './curricula.js';
import { curves } from './curves.js';
import { environments } from './environments.js';
import { eventLoop } from './event-loop.js';
import { inference } from './inference.js';
import { iteration } from './iteration.js';
import { WrongResultError } from './lib/verify.js';
import { environmentMemory, memory } from './memory.js';
import { ppo, ppoOnOneCore, shortPpo } from './ppo.js';
import { reading } from './reading.js';
import { short } from './short.js';

const USAGE = `Usage: npm run bench [-- <what> ...]
  --iteration     the tutorial's iteration, ours and everyone's, interleaved; what is done when nothing is named
  --ppo           PPO on CartPole, ours and others', interleaved; with --short ours alone
  --ppo-one-core  PPO on CartPole with 64 environments on one processor, against JAX with a backward pass written by hand
  --curves        cost against batch, hidden size, horizon, threads
  --memory        resident memory over 100,000 updates
  --environment-memory  the same over 20,000 iterations in environments
  --event-loop    how late timers are while training
  --inference     one decision, one program
  --reading       prompts read in order and attended to, ours and JAX's, interleaved
  --environments  steps of environments, without an agent
  --all           all of these; each prints what it measured and writes it into docs/benchmarks.md
  --cuda          one iteration on CUDA beside the CPU, nothing written; npm run test:cuda runs it with the addon that it needs
  --curricula     triage with and without a curriculum, nothing written; --rounds=N seeds, --updates=N iterations
  --short         no peers, no downloads, nothing written; under half a minute
  --rounds=N      rounds of an interleaved measurement
  --updates=N     length of --memory and --environment-memory`;

const FLAGS = [
  'iteration',
  'ppo',
  'ppo-one-core',
  'curves',
  'memory',
  'environment-memory',
  'event-loop',
  'inference',
  'reading',
  'environments',
  'all',
  'cuda',
  'curricula',
  'short',
  'help',
];

async function main(): Promise<void> {
  const { flags, rounds, updates } = options();
  const has = (name: string): boolean => flags[name] === true;
  const measurements: Readonly<Record<string, (command: string) => Promise<void>>> = {
    iteration: (command) => iteration(command, rounds ?? 20),
    ppo: (command) => ppo(command, rounds ?? 10),
    'ppo-one-core': (command) => ppoOnOneCore(command, rounds ?? 10),
    curves: (command) => curves(command, rounds ?? 3),
    memory: (command) => memory(command, updates ?? 100_000),
    'environment-memory': (command) => environmentMemory(command, updates ?? 20_000),
    'event-loop': (command) => eventLoop(command, 10),
    inference: (command) => inference(command, rounds ?? 10),
    reading: (command) => reading(command, rounds ?? 8),
    environments: (command) => environments(command, rounds ?? 10),
  };
  if (has('help')) {
    console.log(USAGE);
  } else if (has('short')) {
    if (!has('ppo')) {
      await short();
    }
    console.log(`\n${await shortPpo()}`);
  } else if (has('cuda')) {
    await cuda(rounds ?? 20);
  } else if (has('curricula')) {
    await curricula(rounds ?? 10, updates ?? 1500);
  } else {
    const named = Object.keys(measurements).filter((name) => has('all') || has(name));
    for (const name of named.length > 0 ? named : ['iteration']) {
      const numbers = process.argv.filter((arg) => arg.includes('='));
      await measurements[name]?.(['npm run bench --', `--${name}`, ...numbers].join(' '));
    }
  }
}

/** What is asked for; ends the process where that means nothing. */
function options(): { flags: Readonly<Record<string, unknown>>; rounds: number | undefined; updates: number | undefined } {
  const known = Object.fromEntries(FLAGS.map((name) => [name, { type: 'boolean' as const }]));
  try {
    const { values } = parseArgs({ options: { ...known, rounds: { type: 'string' }, updates: { type: 'string' } } });
    const { rounds, updates, ...flags } = values;
    const number = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));
    if (![rounds, updates].every((value) => value === undefined || /^\d+$/.test(value))) {
      throw new TypeError('--rounds and --updates are whole numbers.');
    }
    return { flags, rounds: number(rounds), updates: number(updates) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof WrongResultError) {
    console.error(`Wrong result: ${error.message}`);
  } else if (error instanceof NativeLoadError || error instanceof DeviceError) {
    console.error(error.message);
  } else {
    throw error;
  }
  process.exitCode = 1;
}
