// `npm run test:browser`: agents by innate/infer beside the addon, and the pages of examples/page, in the system's Chromium without a window. Where
// there is no Chromium it is counted as skipped. See docs/guide/inference.md.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { prepare } from './build.js';
import { installLocked } from './lib/install.js';
import { ROOT } from './lib/process.js';
import { AVA_COUNTS, SKIPPED, Steps } from './lib/steps.js';

/** The browser: what `INNATE_CHROMIUM` names, or the system's. */
function findChromium(): string | undefined {
  const named = process.env['INNATE_CHROMIUM'];
  const names = named === undefined ? ['chromium', 'google-chrome', 'chromium-browser'] : [named];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name)))).find(existsSync);
}

export async function main(): Promise<number> {
  const steps = new Steps();
  const chromium = findChromium();
  if (chromium === undefined) {
    await steps.step('Chromium', () => {
      console.log('There is no Chromium: install it (Debian: `apt-get install chromium`), or name one by INNATE_CHROMIUM.');
      return SKIPPED;
    });
    return steps.end('Browser').code;
  }
  await prepare();
  await installLocked('browser', 'playwright-core, about 14 MB');
  await steps.check('the pages are made', process.execPath, ['build/examples/page/main.js', '--folder', 'build/browser/page']);
  const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');
  await steps.tests('Chromium', AVA_COUNTS, process.execPath, [ava], { env: { INNATE_TEST_BROWSER: chromium } });
  return steps.end('Browser').code;
}
