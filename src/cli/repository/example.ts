import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXAMPLES, type Example, listExamples } from './examples.js';

const USAGE = `\
Usage: npm run example -- NAME [options]
Runs an example, a program of its own in the folder examples. Those of environments take --seed and --steps.

Examples:
${listExamples()}

  --short  runs all of them, with a few steps each: shows that they run
  --help   prints this`;

/** Runs an example as a process of its own, and returns its exit code. */
async function runExample({ program }: Example, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`../../../build/examples/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Runs all examples, and returns 1 where one of them fails. */
async function runAll(): Promise<number> {
  const failed: string[] = [];
  for (const [name, example] of Object.entries(EXAMPLES)) {
    console.log(`\n${name}: ${example.shows}`);
    if ((await runExample(example, example.short ?? [])) !== 0) {
      failed.push(name);
    }
  }
  console.log(failed.length === 0 ? '\nAll examples run.' : `\nFailed: ${failed.join(', ')}.`);
  return Math.min(failed.length, 1);
}

const [name, ...args] = process.argv.slice(2);

if (name === undefined || name === '--help' || name === '-h') {
  console.log(USAGE);
} else if (name === '--short') {
  process.exitCode = await runAll();
} else {
  const example = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
  if (example === undefined) {
    console.error(`There is no example '${name}'.\n\n${USAGE}`);
    process.exitCode = 1;
  } else {
    process.exitCode = await runExample(example, args);
  }
}
