// `npm run api-report`: every exported declaration into docs/api-report.md, so that a change of the public surface shows in review.
// `--check` compares instead. Needs the TypeScript build.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, ToolError } from './lib/process.js';

const FILE = 'docs/api-report.md';

/** The entries, by what is imported, and their declarations. */
const ENTRIES = {
  innate: 'index.d.ts',
  'innate/define': 'define.d.ts',
  'innate/environments': 'environments.d.ts',
  'innate/infer': 'infer.d.ts',
} as const;

/** The report, from the compiled declarations. */
function report(): string {
  const [main, ...others] = Object.entries(ENTRIES).map(([name, file]) => ({ name, texts: exportsOf(join(ROOT, file)) }));
  const head = 'Made by `npm run api-report` from the compiled declarations; CI fails when it is not up to date.';
  const rest = others.map(({ name, texts }) => {
    // Only what an entry has for itself is written out: `innate/define` is all in `innate` too.
    const own = texts.filter((text) => !main?.texts.includes(text));
    const shared = texts.filter((text) => !own.includes(text)).map((text) => text.slice('## '.length, text.indexOf('\n')));
    const also = shared.length === 0 ? '' : `\n\nAs in \`innate\`:\n\n${shared.map((title) => `- ${title}`).join('\n')}`;
    return [`# ${name}\n\n${texts.length} exports.${also}\n`, ...own];
  });
  return [`# API report\n\n${head} ${main?.texts.length} exports.\n`, ...(main?.texts ?? []), ...rest.flat()].join('\n');
}

/** A section for each export of an entry. */
function exportsOf(entry: string): string[] {
  const { NodeNext: module } = ts.ModuleKind;
  const { NodeNext: moduleResolution } = ts.ModuleResolutionKind;
  const program = ts.createProgram([entry], { module, moduleResolution, target: ts.ScriptTarget.ES2023, types: ['node'] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const index = source && checker.getSymbolAtLocation(source);
  if (index === undefined) {
    throw new ToolError('dist holds no declarations: run `npm run build:ts` first.');
  }
  const printer = ts.createPrinter({ removeComments: true });
  const names = checker.getExportsOfModule(index).sort((a, b) => (a.name < b.name ? -1 : 1));
  return names.map((symbol) => {
    const origin = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const texts = (origin.declarations ?? []).map((declaration) => {
      const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
      const text = printer.printNode(ts.EmitHint.Unspecified, statement, statement.getSourceFile());
      return text.replace(/^(?:export )?(?:declare )?/, '');
    });
    return `## ${symbol.name}\n\n\`\`\`text\n${texts.join('\n')}\n\`\`\`\n`;
  });
}

export async function main(): Promise<void> {
  const path = join(ROOT, FILE);
  const text = report();
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path) || readFileSync(path, 'utf8').replaceAll('\r\n', '\n') !== text) {
    throw new ToolError(
      `${FILE} is not what the declarations say: run \`npm run api-report\`, and look at the change of the public surface.`,
    );
  }
}
