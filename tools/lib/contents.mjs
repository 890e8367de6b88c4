// The documentation's table of contents: docs/index.md. Its headings are the groups of the site's navigation, and the first link of each list
// item is a page. Nothing else says what belongs to the site.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from './process.mjs';

export const INDEX = 'docs/index.md';
/** Where the site goes, from the root. */
export const SITE = 'docs/site';

/** @returns {string[]} Every Markdown file below docs, as paths from the root, sorted; what is in the site apart. */
export function markdownFiles() {
  const names = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name.replaceAll('\\', '/')}`);
  return files.filter((file) => !file.startsWith(`${SITE}/`)).sort();
}

/**
 * @typedef {object} Page
 * @property {string} file - Path from the root.
 * @property {string} title - The link's text; the page's first heading where that is only a number.
 * @property {string} group - The heading it stands under.
 */

/**
 * @param {string} [text] - Content of docs/index.md.
 * @returns {Page[]} Its pages, in order.
 */
export function contents(text = readFileSync(join(ROOT, INDEX), 'utf8')) {
  /** @type {Page[]} */
  const pages = [];
  let group = 'Documents';
  for (const line of text.split(/\r?\n/)) {
    group = /^##\s+(.+?)\s*$/.exec(line)?.[1] ?? group;
    const [, name, path] = /^-\s+\[([^\]]+)\]\(([^)#:]+\.md)\)/.exec(line) ?? [];
    if (name !== undefined && path !== undefined) {
      const file = posix.join(posix.dirname(INDEX), path);
      pages.push({ file, title: /^\d+$/.test(name) ? firstHeading(file) : name, group });
    }
  }
  return pages;
}

/** @param {string} file */
function firstHeading(file) {
  return /^#\s+(.+?)\s*$/m.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1] ?? file;
}
