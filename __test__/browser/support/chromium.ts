import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What the tests use of playwright-core, which tools/test-browser.ts installs. */
export interface Page {
  on(event: 'pageerror' | 'console' | 'request', listener: (what: PageEvent) => void): void;
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  evaluate<Argument, Result>(work: string | ((argument: Argument) => Result), argument?: Argument): Promise<Awaited<Result>>;
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: { readonly colorScheme: 'light' | 'dark' }): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void> };
}

interface PageEvent {
  readonly message?: string;
  type?(): string;
  text?(): string;
  url?(): string;
}

interface Locator {
  waitFor(): Promise<void>;
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  selectOption(choice: { readonly index: number }): Promise<unknown>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
  isDisabled(): Promise<boolean>;
}

export interface Browser {
  newPage(): Promise<Page>;
  version(): string;
  close(): Promise<void>;
}

const require = createRequire(join(process.cwd(), 'build/browser/package.json'));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the system's Chromium, without a window. */
export async function startChromium(): Promise<Browser> {
  const { chromium } = require('playwright-core') as { chromium: { launch(options: object): Promise<Browser> } };
  return chromium.launch({ executablePath: process.env['INNATE_TEST_BROWSER'], headless: true, args: FLAGS });
}

/** A page, and what went wrong in it or was asked of elsewhere than `origin`. */
export async function openPage(browser: Browser, origin: string): Promise<{ page: Page; wrong: string[] }> {
  const page = await browser.newPage();
  const wrong: string[] = [];
  page.on('pageerror', ({ message = '' }) => wrong.push(message));
  page.on('console', (said) => said.type?.() === 'error' && wrong.push(said.text?.() ?? ''));
  page.on(
    'request',
    (request) => /^data:/.test(request.url?.() ?? '') || request.url?.().startsWith(origin) || wrong.push(request.url?.() ?? ''),
  );
  return { page, wrong };
}
