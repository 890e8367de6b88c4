import { DeviceError, NativeLoadError } from 'innate';
import { cuda } from './cuda.js';
import { curves } from './curves.js';
import { writeDocs } from './docs.js';
import { eventLoop } from './event-loop.js';
import { inference } from './inference.js';
import { iteration } from './iteration.js';
import { WrongResultError } from './lib/verify.js';
import { memory } from './memory.js';
import { profile } from './profile.js';
import { short } from './short.js';

const USAGE = `Usage: npm run bench [-- <what> ...]
  --iteration     the tutorial's iteration, ours and everyone's, interleaved; what is done when nothing is named
  --curves        cost against batch, hidden size, horizon, threads
  --memory        resident memory over 100,000 updates
  --event-loop    how late timers are while training
  --inference     one decision, one program
  --profile       where the native time goes; needs Linux's perf, and builds once more
  --all           all of these
  --docs          only writes docs/benchmarks.md and its charts anew from docs/benchmarks/*.json, as all of these do at their end
  --cuda          one iteration on CUDA beside the CPU, nothing written; npm run test:cuda runs it with the addon that it needs
  --short         no peers, no downloads, nothing written; under half a minute
  --rounds=N      rounds of an interleaved measurement
  --updates=N     length of --memory`;

async function main(args: readonly string[]): Promise<number> {
  const has = (name: string): boolean => args.includes(`--${name}`);
  const number = (name: string): number | undefined => {
    const given = args.find((arg) => arg.startsWith(`--${name}=`));
    return given === undefined ? undefined : Number(given.slice(name.length + 3));
  };
  if (has('help')) {
    console.log(USAGE);
    return 0;
  }
  if (has('short')) {
    await short();
    return 0;
  }
  const rounds = number('rounds');
  if (has('cuda')) {
    await cuda(rounds ?? 20);
    return 0;
  }
  const command = (name: string): string => ['npm run bench --', `--${name}`, ...args.filter((arg) => arg.includes('='))].join(' ');
  const measurements: Readonly<Record<string, (called: string) => Promise<void>>> = {
    iteration: (called) => iteration(called, rounds ?? 20),
    curves: (called) => curves(called, rounds ?? 3),
    memory: (called) => memory(called, number('updates') ?? 100_000),
    'event-loop': (called) => eventLoop(called, 10),
    inference: (called) => inference(called, rounds ?? 10),
    profile: async (called) => profile(called),
  };
  const unknown = args.find((arg) => !(/^--(all|docs|(rounds|updates)=\d+)$/.test(arg) || Object.hasOwn(measurements, arg.slice(2))));
  if (unknown !== undefined) {
    console.error(`There is no ${unknown}.\n${USAGE}`);
    return 2;
  }
  const named = Object.keys(measurements).filter((name) => has('all') || has(name));
  const names = named.length > 0 || has('docs') ? named : ['iteration'];
  for (const name of names) {
    await measurements[name]?.(command(name));
  }
  writeDocs();
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
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
