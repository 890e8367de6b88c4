// Installs and builds what is missing or stale, then runs a compiled program: `node tools/run.mjs dist/cli/start.js [arguments]`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepare } from './lib/build.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';

await tool(async () => {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined) {
    throw new ToolError('Usage: node tools/run.mjs <compiled program> [arguments]');
  }
  await prepare();
  if (!existsSync(join(ROOT, program))) {
    throw new ToolError(`${program} does not exist after the build: its source is missing.`);
  }
  const { code } = await run(process.execPath, [join(ROOT, program), ...args], { stdin: true });
  return code;
});
