// `npm run mutants`: what the tests do not notice. Changes the code in a sample of places, one at a time, and runs the tests on each change.
// `-- rust` or `-- ts` does one language; `--sample N` (60 unless told) and `--seed S` (1 unless told) say how many places, and which.
import { parseArgs } from 'node:util';
import { ToolError, tool } from './lib/process.mjs';

/** @typedef {import('./lib/mutants-rust.mjs').MutantResults} MutantResults */

/** @type {Record<string, (options: { sample: number, seed: number }) => Promise<MutantResults>>} */
const LANGUAGES = {
  rust: async (options) => (await import('./lib/mutants-rust.mjs')).mutantsRust(options),
  ts: async (options) => (await import('./lib/mutants-ts.mjs')).mutantsTypeScript(options),
};

/**
 * @param {string} name - The option's name.
 * @param {string} text - What was given.
 * @param {number} least - The smallest number that makes sense.
 * @returns {number} The number in it.
 */
function whole(name, text, least) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ToolError(`--${name} must be a whole number of at least ${least}, got ${text}.`);
  }
  return value;
}

/** Command-line options, or one sentence that says what is wrong with them. */
function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { sample: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
    });
  } catch (error) {
    throw new ToolError(`${error instanceof Error ? error.message : error} Known are rust, ts, --sample N and --seed S.`);
  }
}

await tool(async () => {
  const { values, positionals } = options();
  const unknown = positionals.find((name) => !Object.hasOwn(LANGUAGES, name));
  if (unknown !== undefined) {
    throw new ToolError(`There are no mutants of ${unknown}: name rust, ts, or nothing for both.`);
  }
  const draw = { sample: whole('sample', values.sample, 1), seed: whole('seed', values.seed, 0) };
  const total = { killed: 0, lived: 0 };
  for (const [language, mutants] of Object.entries(LANGUAGES)) {
    if (positionals.length === 0 || positionals.includes(language)) {
      const { killed, lived, equivalent, names } = await mutants(draw);
      console.log(
        `\n${names.map((name) => `lived: ${name}\n`).join('')}${language}: ${killed} killed, ${lived} lived, ${equivalent} equivalent`,
      );
      total.killed += killed;
      total.lived += lived;
    }
  }
  const share = (100 * total.killed) / (total.killed + total.lived || 1);
  console.log(`Mutants: ${share.toFixed(1)} % of ${total.killed + total.lived} killed (seed ${draw.seed})`);
});
