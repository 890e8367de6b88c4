import { iteration } from './iteration.js';
import { WrongResultError } from './lib/verify.js';
import { short } from './short.js';

const USAGE = `Usage: npm run bench [-- <what>]
  (nothing)      the tutorial's iteration, ours and everyone's, interleaved; the machine's rate of products
  --rounds=N     so many rounds of it, 20 unless told
  --short        no peers, no downloads; under half a minute`;

async function main(args: readonly string[]): Promise<number> {
  const command = ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' ');
  const has = (name: string): boolean => args.includes(`--${name}`);
  const number = (name: string, fallback: number): number =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);
  if (has('help')) {
    console.log(USAGE);
  } else if (has('short')) {
    await short();
  } else {
    await iteration(command, number('rounds', 20));
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongResultError)) {
    throw error;
  }
  console.error(`Wrong result: ${error.message}`);
  process.exitCode = 1;
}
