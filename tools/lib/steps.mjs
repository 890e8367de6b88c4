// Steps with counts and times: what `npm test`, `npm run check` and CI are made of.

/**
 * @typedef {object} Step
 * @property {string} name - What was done.
 * @property {number} passed - Tests, or 1 for a step that is one check.
 * @property {number} failed - Likewise.
 * @property {number} skipped - Tests that did not run.
 * @property {number} seconds - Wall-clock time.
 */

/**
 * @typedef {object} Counts
 * @property {number} passed - See {@link Step}.
 * @property {number} failed - See {@link Step}.
 * @property {number} skipped - See {@link Step}.
 */

/**
 * Counts tests in what a runner printed. A run without a test is a failure, and so is a bad exit status without a failed test.
 *
 * @param {number} code - The runner's exit status.
 * @param {string} output - What it printed.
 * @param {{ passed: RegExp, failed: RegExp, skipped: RegExp, pass?: RegExp }} patterns - Global; the first group of each is a number, all are
 * summed. `pass` matches once for each test that passed, for a runner that leaves their number out when others failed.
 * @returns {Counts} The sums.
 */
export function countTests(code, output, patterns) {
  /** @param {RegExp} pattern - One of the patterns. */
  const sum = (pattern) => [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const counts = { passed: sum(patterns.passed), failed: sum(patterns.failed), skipped: sum(patterns.skipped) };
  if (counts.failed > 0 && patterns.pass !== undefined) {
    counts.passed = Math.max(counts.passed, [...output.matchAll(patterns.pass)].length);
  }
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) {
    if (code === 0) {
      console.error('No test was run, which counts as a failure.');
    }
    counts.failed = 1;
  }
  return counts;
}

/** What cargo test prints for each test binary. */
export const CARGO_COUNTS = {
  passed: /^test result: .*?(\d+) passed;/gm,
  failed: /^test result: .*?(\d+) failed;/gm,
  skipped: /^test result: .*?(\d+) ignored;/gm,
};

/**
 * What ava prints at its end. A file that never finished, or an error outside a test, counts as a failure. After a failed test or hook it does
 * not say how many passed.
 */
export const AVA_COUNTS = {
  passed: /^\s*(\d+) (?:tests? passed|known failures?)\s*$/gm,
  failed:
    /^\s*(\d+) (?:tests? failed|hooks? failed|tests? remained? pending.*|uncaught exceptions?|unhandled rejections?|.*timed out.*)\s*$/gm,
  skipped: /^\s*(\d+) tests? (?:skipped|todo)\s*$/gm,
  pass: /^\s*[✔√] /gm,
};

/**
 * Turns an exit status into one check.
 *
 * @param {number} code - Exit status.
 * @returns {Counts} One passed or one failed.
 */
export function countOne(code) {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/**
 * @param {Counts} counts - Of a step.
 * @returns {string} The step in one word.
 */
function verdict({ passed, failed, skipped }) {
  if (failed > 0) {
    return 'FAILED';
  }
  return passed === 0 && skipped > 0 ? 'SKIPPED' : 'ok';
}

/** Steps one after another, each announced and timed. */
export class Steps {
  /** @type {Step[]} */
  done = [];

  /**
   * @param {string} name - What will be done.
   * @param {() => Promise<Counts>} body - Does it.
   */
  async step(name, body) {
    console.log(`\n== ${name}`);
    const start = performance.now();
    const counts = await body();
    const seconds = (performance.now() - start) / 1000;
    this.done.push({ name, ...counts, seconds });
    console.log(`== ${name}: ${verdict(counts)}, ${seconds.toFixed(1)} s`);
  }

  /** @returns {Counts} Over all steps. */
  total() {
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const { passed, failed, skipped } of this.done) {
      sum.passed += passed;
      sum.failed += failed;
      sum.skipped += skipped;
    }
    return sum;
  }

  /** Prints a table: one line a step. */
  print() {
    const width = Math.max(...this.done.map(({ name }) => name.length));
    console.log('');
    for (const { name, passed, failed, skipped, seconds } of this.done) {
      const skips = skipped === 0 ? '' : `, ${skipped} SKIPPED`;
      console.log(
        `${verdict({ passed, failed, skipped }).padEnd(7)} ${name.padEnd(width)} ${passed} passed, ${failed} failed${skips}, ${seconds.toFixed(1)} s`,
      );
    }
  }
}
