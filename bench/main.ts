import { WrongResultError } from './lib/verify.js';
import { short } from './short.js';

const USAGE = `Usage: npm run bench -- [--short]
  --short    no peers, no downloads; under half a minute`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--short')) {
    await short();
    return 0;
  }
  console.error(USAGE);
  return 2;
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
