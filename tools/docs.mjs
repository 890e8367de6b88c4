// `npm run docs`: the guides and the API's reference as one site, into docs/site. Warnings are errors (typedoc.json), and so are links and
// images of the site that lead nowhere, and pages that docs/index.md does not list. See docs/decisions/0015.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install } from './lib/build.mjs';
import { contents, INDEX, markdownFiles, SITE } from './lib/contents.mjs';
import { ROOT, run, tool } from './lib/process.mjs';

/** @returns {Promise<number>} 0, or typedoc's exit status, or 1 if the site does not hold together. */
export async function buildDocs() {
  const unlisted = findUnlisted();
  if (unlisted.length > 0) {
    console.error(`${INDEX} does not list ${unlisted.join(', ')}.`);
    return 1;
  }
  const { code } = await run(process.execPath, [join(ROOT, 'node_modules/typedoc/bin/typedoc')]);
  if (code !== 0) {
    return code;
  }
  const { links, broken } = checkSite(join(ROOT, SITE));
  for (const line of broken) {
    console.error(`${SITE}/${line}`);
  }
  console.log(`${links} links and images within ${SITE}, ${broken.length} of them broken`);
  return broken.length === 0 && links > 0 ? 0 : 1;
}

/** @returns {string[]} Pages below docs that no reader would find. */
function findUnlisted() {
  const listed = new Set([INDEX, ...contents().map(({ file }) => file)]);
  return markdownFiles().filter((file) => !listed.has(file));
}

/**
 * @param {string} site - A folder of HTML pages.
 * @returns {{ links: number, broken: string[] }} How many relative links and images there are, and those without a file or anchor.
 */
export function checkSite(site) {
  const names = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  const pages = new Map(names.map((name) => [resolve(site, name), readFileSync(join(site, name), 'utf8')]));
  const broken = [];
  let links = 0;
  for (const [page, html] of pages) {
    for (const [, , value = ''] of html.matchAll(/\s(href|src)="([^"]*)"/g)) {
      if (/^([a-z][a-z+.-]*:|\/\/)/i.test(value)) {
        continue;
      }
      links += 1;
      const [path = '', anchor = ''] = value.split('#', 2).map(decodeURIComponent);
      const target = path === '' ? page : resolve(dirname(page), path.replace(/\?.*$/, ''));
      const text = pages.get(target);
      const named = anchor === '' || text === undefined || text.includes(` id="${anchor}"`);
      if (!named || (text === undefined && !existsSync(target))) {
        broken.push(`${page.slice(site.length + 1)}: ${value}`);
      }
    }
  }
  return { links, broken };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await tool(async () => {
    await install();
    return buildDocs();
  });
}
