// Installs and builds what is missing or stale, then runs a compiled program: `node tools/run.mjs dist/cli/start.js [arguments]`.
import { prepare } from './build.mjs';
import { run, tool } from './lib/process.mjs';

await tool(import.meta, async () => {
  await prepare();
  const { code } = await run(process.execPath, process.argv.slice(2), { stdin: true });
  return code;
});
