// `npm run docs`: the API's documentation into docs/api. Warnings are errors (typedoc.json).
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install } from './lib/build.mjs';
import { ROOT, run, tool } from './lib/process.mjs';

/** @returns {Promise<number>} typedoc's exit status. */
export async function buildApiDocs() {
  const { code } = await run(process.execPath, [join(ROOT, 'node_modules/typedoc/bin/typedoc')]);
  return code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await tool(async () => {
    await install();
    return buildApiDocs();
  });
}
