// `npm run docs`: the guides and the API's reference as one site, into docs/site. Warnings are errors (typedoc.json), and so are links and
// images of the site that lead nowhere, and pages that docs/index.md does not list. See docs/decisions/0015.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { must, ROOT, ToolError } from './lib/process.js';

const INDEX = 'docs/index.md';
const SITE = 'docs/site';

/** Every Markdown file below docs, as paths from the root, sorted; what is in the site apart. */
export function markdownFiles(): string[] {
  const names = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name.replaceAll('\\', '/')}`);
  return files.filter((file) => !file.startsWith(`${SITE}/`)).sort();
}

type Page = Readonly<Record<'file' | 'title' | 'group', string>>;

/**
 * The site's table of contents. The headings of docs/index.md are the groups of the site's navigation, and the first link of each list item
 * is a page. Nothing else says what belongs to the site. Returns its pages, in order: the path from the root, the link's text or the page's
 * first heading where that is only a number, and the heading it stands under.
 */
export function contents(text: string = readFileSync(join(ROOT, INDEX), 'utf8')): Page[] {
  const pages: Page[] = [];
  let group = 'Documents';
  for (const line of text.split(/\r?\n/)) {
    group = /^##\s+(.+?)\s*$/.exec(line)?.[1] ?? group;
    const [, name, path] = /^-\s+\[([^\]]+)\]\(([^)#:]+\.md)\)/.exec(line) ?? [];
    if (name !== undefined && path !== undefined) {
      const file = posix.join(posix.dirname(INDEX), path);
      const heading = /^\d+$/.test(name) ? /^#\s+(.+?)\s*$/m.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1] : undefined;
      pages.push({ file, title: heading ?? name, group });
    }
  }
  return pages;
}

/** Stops with what typedoc or the site says is wrong. Returns what was counted. */
export async function buildDocs(): Promise<string> {
  const listed = new Set([INDEX, ...contents().map(({ file }) => file)]);
  const unlisted = markdownFiles().filter((file) => !listed.has(file));
  if (unlisted.length > 0) {
    throw new ToolError(`${INDEX} does not list ${unlisted.join(', ')}.`);
  }
  const plugin = join(import.meta.dirname, 'lib/typedoc-plugin.js');
  await must('typedoc', process.execPath, [join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--plugin', plugin]);
  const { links, broken } = checkSite(join(ROOT, SITE));
  if (broken.length > 0 || links === 0) {
    throw new ToolError(`Of ${links} links and images within ${SITE}, ${broken.length} lead nowhere:\n${broken.join('\n')}`);
  }
  return `${links} links and images within ${SITE}`;
}

/** How many relative links and images there are, and those without a file or anchor. */
export function checkSite(site: string): { links: number; broken: string[] } {
  const names = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  const pages = new Map(names.map((name) => [resolve(site, name), readFileSync(join(site, name), 'utf8')]));
  const broken: string[] = [];
  let links = 0;
  for (const [page, html] of pages) {
    for (const [, value = ''] of html.matchAll(/\s(?:href|src)="(?!(?:[a-zA-Z][\w+.-]*:|\/\/))([^"]*)"/g)) {
      links += 1;
      const [path = '', anchor = ''] = value.split('#', 2).map(decodeURIComponent);
      const target = path === '' ? page : resolve(dirname(page), path.replace(/\?.*$/, ''));
      const text = pages.get(target);
      if (text === undefined ? !existsSync(target) : anchor !== '' && !text.includes(` id="${anchor}"`)) {
        broken.push(`${page.slice(site.length + 1)}: ${value}`);
      }
    }
  }
  return { links, broken };
}

export async function main(): Promise<void> {
  console.log(await buildDocs());
}
