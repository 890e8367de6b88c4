// `node tools/build.mjs [native | ts]`: builds the addon, the TypeScript, or both.
import { buildNative, buildTypeScript, prepare } from './lib/build.mjs';
import { ToolError, tool } from './lib/process.mjs';

await tool(async () => {
  const what = process.argv[2];
  if (what === undefined) {
    await prepare();
  } else if (what === 'native') {
    await buildNative();
  } else if (what === 'ts') {
    await buildTypeScript();
  } else {
    throw new ToolError(`Nothing called ${what} is built here: name native, ts, or nothing for both.`);
  }
  return 0;
});
