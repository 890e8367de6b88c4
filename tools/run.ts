// Installs and builds what is missing or stale, then runs a compiled program: `node tools/tool.mjs run dist/cli/repository/start.js [arguments]`.
import { prepare } from './build.js';
import { run } from './lib/process.js';

export async function main(): Promise<number> {
  await prepare();
  const { code } = await run(process.execPath, process.argv.slice(2), { stdin: true });
  return code;
}
