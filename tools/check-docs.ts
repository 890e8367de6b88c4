// Compiles every ts block of README.md and of the pages below docs as one would paste it into a file, and runs it. A block headed
// ```ts no-run is only compiled. `node tools/tool.mjs check-docs [files]`; needs a finished build.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { markdownFiles } from './docs.js';
import { ROOT, run, ToolError } from './lib/process.js';

const OUT = join(ROOT, 'build/docs');
const TIMEOUT = 5 * 60 * 1000;

/** Not checked: what a program wrote, and decisions, which are not edited when the code goes on. */
const UNCHECKED = ['docs/decisions/', 'docs/api-report.md', 'docs/benchmarks.md'];

/** The documents that are checked, as paths from the root. */
function documents(): string[] {
  return ['README.md', ...markdownFiles().filter((file) => !UNCHECKED.some((path) => file.startsWith(path)))];
}

interface Block {
  readonly file: string;
  readonly line: number; // Where its first line of code is, from 1.
  readonly name: string; // For a file.
  readonly code: string;
  readonly run: boolean;
}

/** The ts blocks of a document. */
export function extractBlocks(file: string, text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[i] ?? '') ?? [];
    if (fence === undefined) {
      continue;
    }
    const start = i + 1;
    i = lines.findIndex((line, at) => at >= start && line.trim() === fence);
    if (i < 0) {
      throw new ToolError(`${file}:${start}: this code block is never closed.`);
    }
    const [language = '', ...words] = info.trim().split(/\s+/);
    if (language !== 'ts' && language !== 'typescript') {
      continue;
    }
    const unknown = words.find((word) => word !== 'no-run');
    if (unknown !== undefined) {
      throw new ToolError(`${file}:${start}: "${unknown}" means nothing here; a ts block is headed \`ts\` or \`ts no-run\`.`);
    }
    const code = lines.slice(start, i).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const name = `${file.replace(/\.md$/, '').replaceAll(/[^\w]+/g, '-')}-${start + 1}`.toLowerCase();
    blocks.push({ file, line: start + 1, name, code: code.join('\n'), run: words.length === 0 });
  }
  return blocks;
}

/** Stops unless there are blocks, and all compile and run. Returns how many. */
export async function checkDocs(files: readonly string[] = []): Promise<string> {
  const blocks = (files.length === 0 ? documents() : files).flatMap((file) => extractBlocks(file, readFileSync(join(ROOT, file), 'utf8')));
  if (!blocks.some((block) => block.run)) {
    throw new ToolError('No code block to run was found, which counts as a failure.');
  }
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const { name, line, code } of blocks) {
    // Blank lines in front, so that errors carry the document's line numbers; an export, so that every block is a module.
    writeFileSync(join(OUT, `${name}.ts`), `${'\n'.repeat(line - 1)}${code}\nexport {};\n`);
  }
  const compilerOptions = { composite: false, declaration: false, noUnusedLocals: false, rootDir: '.', outDir: 'out' };
  writeFileSync(join(OUT, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }));
  const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false', '-p', OUT];
  const compiled = await run(process.execPath, tsc, { output: 'capture' });
  if (compiled.code !== 0) {
    const named = (text: string, { name, file }: (typeof blocks)[number]) =>
      text.replaceAll(`${relative(ROOT, join(OUT, name))}.ts(`, `${file}(`);
    throw new ToolError(blocks.reduce(named, compiled.output).trim());
  }
  let failed = 0;
  for (const block of blocks) {
    const where = `${block.file}:${block.line}`;
    if (!block.run) {
      console.log(`compiled ${where}`);
      continue;
    }
    // A folder of its own, for the files that a block writes.
    const cwd = join(OUT, 'run', block.name);
    mkdirSync(cwd, { recursive: true });
    const start = performance.now();
    const program = join(OUT, 'out', `${block.name}.js`);
    const { code, output } = await run(process.execPath, [program], { cwd, output: 'capture', timeout: TIMEOUT });
    console.log(`${code === 0 ? 'ran     ' : 'FAILED  '} ${where}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    if (code !== 0) {
      failed += 1;
      console.error(`${where} ended with exit status ${code}:\n${output.trim()}`);
    }
  }
  if (failed > 0) {
    throw new ToolError(`${failed} code blocks failed; what they printed is above.`);
  }
  return `${blocks.length} code blocks`;
}

export async function main(): Promise<void> {
  console.log(await checkDocs(process.argv.slice(2)));
}
