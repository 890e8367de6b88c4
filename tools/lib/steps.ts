// Steps with counts and times: what `npm test`, `npm run check` and CI are made of.
import type { RunOptions } from './process.js';
import { run, ToolError } from './process.js';

export interface Counts {
  readonly passed: number; // Tests, or 1 for a step that is one check.
  readonly failed: number; // Likewise.
  readonly skipped: number; // Tests that did not run.
}

export type Patterns = { passed: RegExp; failed: RegExp; skipped: RegExp; pass?: RegExp };

/** One check that was not made. */
export const SKIPPED = { passed: 0, failed: 0, skipped: 1 };

/** Counts tests in what a runner printed. A run without a test is a failure, and so is a bad exit status without a failed test. */
export function countTests(code: number, output: string, patterns: Patterns): Counts {
  const sum = (pattern: RegExp) => [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
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
 * What ava prints at its end. A file that never finished, or an error outside a test, counts as a failure. After a failed test or hook it
 * does not say how many passed.
 */
export const AVA_COUNTS = {
  passed: /^\s*(\d+) (?:tests? passed|known failures?)\s*$/gm,
  failed:
    /^\s*(\d+) (?:tests? failed|hooks? failed|tests? remained? pending.*|uncaught exceptions?|unhandled rejections?|.*timed out.*)\s*$/gm,
  skipped: /^\s*(\d+) tests? (?:skipped|todo)\s*$/gm,
  pass: /^\s*[✔√] /gm,
};

/** What `npm test` prints at its end. */
export const STEPS_COUNTS = {
  passed: /^Tests: (\d+) passed, /gm,
  failed: /^Tests: .* (\d+) failed, /gm,
  skipped: /^Tests: .* (\d+) skipped$/gm,
};

export function countOne(ok: boolean): Counts {
  return { passed: Number(ok), failed: Number(!ok), skipped: 0 };
}

function verdict({ passed, failed, skipped }: Counts): string {
  if (failed > 0) {
    return 'FAILED';
  }
  return passed === 0 && skipped > 0 ? 'SKIPPED' : 'ok';
}

/** Steps one after another, each announced and timed. */
export class Steps {
  #done: (Counts & { name: string; seconds: number })[] = [];

  async step(name: string, body: () => Promise<Counts> | Counts) {
    console.log(`\n== ${name}`);
    const start = performance.now();
    let counts = countOne(false);
    try {
      counts = await body();
    } catch (error) {
      if (!(error instanceof ToolError)) {
        throw error;
      }
      console.error(error.message);
    }
    const seconds = (performance.now() - start) / 1000;
    this.#done.push({ name, ...counts, seconds });
    console.log(`== ${name}: ${verdict(counts)}, ${seconds.toFixed(1)} s`);
  }

  /** One check that passes with what it saw, and fails by throwing. */
  passes(name: string, body: () => Promise<string> | string) {
    return this.step(name, async () => {
      console.log(await body());
      return countOne(true);
    });
  }

  /** One check that is a program's exit status. */
  check(name: string, command: string, args: readonly string[], options?: RunOptions) {
    return this.step(name, async () => countOne((await run(command, args, options)).code === 0));
  }

  /** One step that is a runner's tests. */
  tests(name: string, patterns: Patterns, command: string, args: readonly string[], options?: RunOptions) {
    return this.step(name, async () => {
      const { code, output } = await run(command, args, { ...options, output: 'tee' });
      return countTests(code, output, patterns);
    });
  }

  /** Prints a table, one line a step, and the sums. Returns the sums, and the exit status. */
  end(title: string): Counts & { code: number } {
    const width = Math.max(...this.#done.map(({ name }) => name.length));
    const total = { passed: 0, failed: 0, skipped: 0 };
    console.log('');
    for (const { name, seconds, ...counts } of this.#done) {
      const { passed, failed, skipped } = counts;
      const skips = skipped === 0 ? '' : `, ${skipped} SKIPPED`;
      const sums = `${passed} passed, ${failed} failed${skips}`;
      console.log(`${verdict(counts).padEnd(7)} ${name.padEnd(width)} ${sums}, ${seconds.toFixed(1)} s`);
      total.passed += passed;
      total.failed += failed;
      total.skipped += skipped;
    }
    console.log(`\n${title}: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
    return { ...total, code: total.failed === 0 ? 0 : 1 };
  }
}
