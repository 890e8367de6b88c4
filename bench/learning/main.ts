import { parseArgs } from 'node:util';
import { quantile, table } from '../lib/measure.js';
import { report } from '../lib/page.js';
import { type Outcome, ROWS, type Row } from './rows.js';

const USAGE = `Usage: npm run bench:learning [-- <what> ...]
  --only=NAME   one row, or several separated by commas; nothing is written then
  --seeds=N     seeds 1 to N of each row, 3 where absent
  --first=N     the first seed, 1 where absent
  --short       rows for CI on one seed each, nothing written; fails where a goal is missed
Rows: ${Object.keys(ROWS).join(', ')}`;

interface Arguments {
  readonly names: readonly string[];
  readonly seeds: readonly number[];
  readonly short: boolean;
  readonly whole: boolean;
}

async function main({ names, seeds, short, whole }: Arguments): Promise<void> {
  const rows: string[][] = [];
  let missed = 0;
  for (const name of names) {
    const row = ROWS[name] as Row;
    const outcomes: Outcome[] = [];
    for (const seed of seeds) {
      const outcome = await row.run(seed);
      outcomes.push(outcome);
      const scores = Object.entries(outcome.scores).map(([what, score]) => `${what} ${score.toFixed(3)}`);
      console.log(`${name}, seed ${seed}: ${scores.join(', ')}; ${row.unit} ${outcome.amount}, ${outcome.seconds.toFixed(1)} s`);
    }
    for (const [what, goal] of Object.entries(row.goals)) {
      const held = outcomes.filter(({ scores }) => (scores[what] ?? NaN) >= goal).length;
      missed += outcomes.length - held;
      rows.push([name, what, `≥ ${goal}`, ...summary(outcomes, what), `${held} of ${outcomes.length}`, ...effort(outcomes, row)]);
    }
  }
  const made = table(['task', 'what', 'wanted', 'mean', 'least to most', 'seeds', 'took', 'seconds'], rows);
  if (whole) {
    report('learning', `npm run bench:learning -- --seeds=${seeds.length}`, [made]);
  } else {
    console.log(`\n${made}`);
  }
  process.exitCode = short && missed > 0 ? 1 : 0;
}

function summary(outcomes: readonly Outcome[], what: string): [mean: string, range: string] {
  const scores = outcomes.map((outcome) => outcome.scores[what] ?? NaN);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return [mean.toFixed(3), `${Math.min(...scores).toFixed(3)} to ${Math.max(...scores).toFixed(3)}`];
}

/** Medians over seeds. */
function effort(outcomes: readonly Outcome[], { unit }: Row): [amount: string, seconds: string] {
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  const amount = Math.round(median(outcomes.map((outcome) => outcome.amount))).toLocaleString('en-US');
  return [`${amount} ${unit}`, median(outcomes.map(({ seconds }) => seconds)).toFixed(1)];
}

/** What is asked for; ends the process where that means nothing. */
function read(): Arguments {
  try {
    const text = { type: 'string' as const };
    const { values } = parseArgs({ options: { only: text, seeds: text, first: text, short: { type: 'boolean', default: false } } });
    const { only, short } = values;
    const names = only?.split(',') ?? Object.keys(ROWS).filter((name) => !short || ROWS[name]?.short === true);
    const unknown = names.filter((name) => ROWS[name] === undefined);
    const [seeds, first] = [Number(values.seeds ?? (short ? 1 : 3)), Number(values.first ?? 1)];
    if (unknown.length > 0 || !(Number.isInteger(seeds) && seeds >= 1 && Number.isInteger(first) && first >= 0)) {
      throw new TypeError(unknown.length > 0 ? `There is no row ${unknown.join(', ')}.` : '--seeds and --first are whole numbers.');
    }
    return { names, short, whole: only === undefined && !short, seeds: Array.from({ length: seeds }, (_, at) => first + at) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

await main(read());
