// `npm run audit`: known defects in what the locks hold, and licences and sources of the crates. What the registry does not answer, or is not
// installed, is counted as skipped. `-- npm` or `-- cargo` does one of the two. See docs/decisions/0014.
import { join } from 'node:path';
import { npmProgram, ROOT, run, ToolError } from './lib/process.js';
import { countOne, SKIPPED, Steps } from './lib/steps.js';

const LOCKS = ['.', 'tools/browser', 'tools/onnx', 'tools/registry', 'tools/runners', 'tools/runtimes', 'tools/sysroot'];
const LIMIT = 2 * 60_000;

/** What npm answers in JSON, of a report and of a refusal. */
interface Answer {
  readonly auditReportVersion?: number;
  readonly statusCode?: number;
  readonly vulnerabilities?: Readonly<Record<string, Readonly<Record<'name' | 'severity' | 'range', string>>>>;
}

async function auditNpm(lock: string) {
  const args = [npmProgram(), 'audit', '--package-lock-only', '--json', '--loglevel=silent'];
  const { code, output } = await run(process.execPath, args, { cwd: join(ROOT, lock), output: 'capture', timeout: LIMIT });
  let answer: Answer = {};
  try {
    answer = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
  } catch {
    // It did not answer in JSON: there is no report.
  }
  const { auditReportVersion, statusCode } = answer;
  if (auditReportVersion === undefined) {
    // npm's own message holds the registry's address, which is no business of a log.
    const why = statusCode === undefined ? 'is not reached' : `answers with status ${statusCode}`;
    console.log(`The registry does not audit (it ${why}): run \`npm audit --package-lock-only\` in ${lock} where one does.`);
    return SKIPPED;
  }
  const found = Object.values(answer.vulnerabilities ?? {}).map(({ name, severity, range }) => `${name} ${range}: ${severity}`);
  console.log(found.join('\n') || 'nothing known');
  return countOne(code === 0);
}

/** Needs no network but for crates that are not on this machine yet. The advisories need a database from elsewhere: see CONTRIBUTING. */
async function auditCargo() {
  const { code } = await run('cargo', ['deny', '--version'], { output: 'capture' });
  if (code !== 0) {
    console.log('cargo-deny is not installed: run `cargo install cargo-deny --locked` and then the command again.');
    return SKIPPED;
  }
  return countOne((await run('cargo', ['deny', '--locked', 'check', 'licenses', 'bans', 'sources'], { timeout: LIMIT })).code === 0);
}

/** Audits, one step after another. */
export async function audit(steps: Steps, kind?: string) {
  for (const lock of kind === 'cargo' ? [] : LOCKS) {
    await steps.step(`npm audit in ${lock}`, () => auditNpm(lock));
  }
  if (kind !== 'npm') {
    await steps.step('cargo deny check licenses bans sources', auditCargo);
  }
}

export async function main(): Promise<number> {
  const [kind] = process.argv.slice(2);
  if (kind !== undefined && kind !== 'npm' && kind !== 'cargo') {
    throw new ToolError(`There is no kind of audit called ${kind}: name npm, cargo, or nothing for both.`);
  }
  const steps = new Steps();
  await audit(steps, kind);
  return steps.end('Audit').code;
}
