import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Agent, arithmetic } from 'innate';
import { serve } from '../../examples/page/serve.js';
import { type Browser, openPage, type Page, startChromium } from './support/chromium.js';

/** tools/test-browser.ts has the example write it. */
const FOLDER = 'build/browser/page';
const SCREENS = 'build/browser/screens';

let browser: Browser;
let server: Server;
let origin = '';

test.before(async () => {
  mkdirSync(SCREENS, { recursive: true });
  browser = await startChromium();
  server = await serve(FOLDER, 0);
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

test.after.always(async () => {
  await browser?.close();
  server?.close();
});

const textOf = async (page: Page, selector: string) => ((await page.locator(selector).textContent()) ?? '').trim();

/** Shown probabilities, in percent: together they are 100, whatever went before. */
async function percentsOf(t: ExecutionContext, page: Page): Promise<number[]> {
  const percents = (await page.locator('#alternatives .percent').allTextContents()).map(parseFloat);
  const sum = percents.reduce((all, each) => all + each, 0);
  t.true(Math.abs(sum - 100) < 0.5, `${sum} %`);
  return percents;
}

/** Tokens of the greedy program as the addon says it, up to the one that ends it, and their probabilities. */
async function nativeProgram(operands: number[], stage: number) {
  await using agent = await Agent.load(`${FOLDER}/arithmetic.safetensors`, { task: arithmetic });
  const batch = arithmetic.encode([{ operands }], stage);
  const { actions, logProbs } = await agent.act({ ...batch, deterministic: true });
  const tools = arithmetic.decode(batch, actions)[0]?.tools ?? [];
  return { tools, percents: tools.map((_, step) => `${(100 * Math.exp(logProbs[step] ?? NaN)).toFixed(1)} %`) };
}

test.serial('arithmetic: the program of the addon, token by token, with the registers and what else was probable', async (t) => {
  const { page, wrong } = await openPage(browser, origin);
  await page.goto(origin);
  await page.locator('body[data-state=ready]').waitFor();
  t.deepEqual(await page.locator('#prompt li').allTextContents(), ['7', '3', '5', '2', '4', 'CTX']);
  t.is(await textOf(page, '#target'), '18');
  t.is((await percentsOf(t, page)).length, arithmetic.tools.length);
  await page.locator('#step').focus();
  for (let step = 0; step < 3; step += 1) {
    await page.keyboard.press('Enter');
    await percentsOf(t, page);
  }
  t.deepEqual([await textOf(page, '#accumulator'), await textOf(page, '#memory'), await textOf(page, '#left')], ['empty', '26', '2 4']);
  await page.locator('#run').click();
  t.is(await textOf(page, '#status'), 'It answers 18: right.');
  const native = await nativeProgram([7, 3, 5, 2, 4], 2);
  t.deepEqual(await page.locator('#program td:nth-child(2)').allTextContents(), [...native.tools]);
  t.deepEqual(await page.locator('#program td:nth-child(3)').allTextContents(), native.percents);
  t.true(await page.locator('#step').isDisabled());
  t.deepEqual(wrong, []);
});

test.serial('arithmetic: other digits and stages are shown and solved, and a person may emit something else', async (t) => {
  const { page, wrong } = await openPage(browser, origin);
  await page.goto(origin);
  await page.locator('body[data-state=ready]').waitFor();
  await page.locator('#stage').selectOption({ index: 0 });
  await page.locator('#digits label:nth-of-type(1) input').fill('9');
  await page.locator('#run').click();
  t.is(await textOf(page, '#status'), 'It answers 32: right.');
  t.deepEqual(await page.locator('#prompt li').allTextContents(), ['9', '3', '5', 'CTX', 'EOS', 'EOS']);
  t.true(await page.locator('#digits label:nth-of-type(5) input').isDisabled());
  await page.locator('#again').click();
  await page.locator('#alternatives li:nth-child(2) button').click();
  t.is(await textOf(page, '#status'), 'ADD could not be used, and did nothing.');
  t.is(await textOf(page, '#program td:nth-child(2)'), 'ADD (yours)');
  await using agent = await Agent.load(`${FOLDER}/arithmetic.safetensors`, { task: arithmetic });
  using session = await agent.session();
  const { contexts, stages } = arithmetic.encode([{ operands: [9, 3, 5, 2, 4] }], 0);
  session.begin({ contexts, stages });
  session.step({ deterministic: true });
  session.feed([arithmetic.token('ADD')]);
  const { logProbs } = session.step({ deterministic: true });
  await percentsOf(t, page);
  t.is(
    await textOf(page, '#alternatives .chosen .percent'),
    `${(100 * Math.exp(logProbs[0] ?? NaN)).toFixed(1)} %`,
    'it read what was emitted',
  );
  t.deepEqual(wrong, []);
});

for (let number = 1; number <= 7; number += 1) {
  test.serial(`guess a number: ${number} is found in three guesses, by keys and buttons`, async (t) => {
    const { page, wrong } = await openPage(browser, origin);
    await page.goto(`${origin}guess.html`);
    await page.locator('body[data-state=ready]').waitFor();
    let guesses = 0;
    for (let guess = 0; guess !== number && guesses < 3; guesses += 1) {
      guess = Number(/is it (\d)\?/.exec(await textOf(page, '#status'))?.[1]);
      const percents = await percentsOf(t, page);
      t.is(percents.indexOf(Math.max(...percents)), guess - 1);
      if (guess === number) {
        await page.locator('#correct').click();
      } else {
        await page.keyboard.press(guess < number ? 'ArrowUp' : 'ArrowDown');
      }
    }
    t.is(await textOf(page, '#status'), `The agent found ${number} with guess ${guesses} of 3.`);
    t.is((await page.locator('#heard li').allTextContents()).length, guesses);
    t.deepEqual(wrong, []);
  });
}

test.serial('guess a number: answers that no number fits are noticed', async (t) => {
  const { page } = await openPage(browser, origin);
  await page.goto(`${origin}guess.html`);
  await page.locator('body[data-state=ready]').waitFor();
  await page.locator('#higher').click();
  await page.locator('#lower').click();
  await page.locator('#lower').click();
  t.regex(await textOf(page, '#status'), /No number fits these answers\.|You win/);
  t.true(await page.locator('#higher').isDisabled());
  await page.locator('#again').click();
  t.regex(await textOf(page, '#status'), /^Think of a number from 1 to 7\. Guess 1 of 3: is it \d\?$/);
});

for (const name of ['index', 'guess']) {
  test.serial(`${name}.html fits narrow and wide screens, light and dark, and all that is operated has a name`, async (t) => {
    const { page } = await openPage(browser, origin);
    const grounds = new Set<string>();
    await page.goto(`${origin}${name}.html`);
    await page.locator('body[data-state=ready]').waitFor();
    await page.locator(name === 'index' ? '#step' : '#higher').click();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [400, 1400]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        t.true(await page.evaluate<void, boolean>('document.documentElement.scrollWidth <= innerWidth'), `${width}`);
        grounds.add(await page.evaluate<void, string>('getComputedStyle(document.body).backgroundColor'));
        await page.screenshot({ path: `${SCREENS}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
    t.is(grounds.size, 2);
    const nameless = `[...document.querySelectorAll('button, input, select, a')]
      .filter((each) => each.textContent.trim() === '' && !(each.labels?.length > 0)).length`;
    t.is(await page.evaluate<void, number>(nameless), 0);
  });
}
