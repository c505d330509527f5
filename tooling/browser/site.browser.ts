import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadIndex, missedBy } from '../site/ask.mjs';
import { launchChromium } from './chromium.js';
import { serve, type Served } from './serve.js';

const site = fileURLToPath(new URL('../site/', import.meta.url));
let browser: Browser;
let served: Served;

beforeAll(async () => {
  const { status, stderr } = spawnSync('node', [`${site}build.mjs`], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  served = await serve(`${site}.cache/dist`);
  browser = await launchChromium();
}, 600_000);
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

async function open(path: string, width: number): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(served.address) && !url.startsWith('data:')) complaints.push(`asks for ${url}`);
  });
  page.on('response', (answer) => answer.status() >= 400 && complaints.push(`${answer.status()} for ${answer.url()}`));
  await page.goto(`${served.address}${path}`, { waitUntil: 'networkidle' });
  return { page, complaints };
}

const pages = [
  '/',
  '/start-here.html',
  '/write-a-plugin.html',
  '/cli.html',
  '/attacks/',
  '/attacks/cw.html',
  '/packages/attacks.html',
  '/studies/dale/',
  '/api/@advrob/core/attack.html',
];
it.each(pages.flatMap((path) => [360, 1440].map((width) => [path, width] as const)))(
  '%s at %i px: no complaint, nothing from elsewhere, no overflow',
  async (path, width) => {
    const { page, complaints } = await open(path, width);
    expect(await page.locator('h1').first().isVisible()).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    await page.close();
  },
);

/** The key is heard once the page's script runs, which takes a while on a busy machine. */
async function openSearch(page: Page) {
  const input = page.locator('.search-input');
  const press = async () => {
    if (!(await input.isVisible())) await page.keyboard.press('Control+k');
    return input.isVisible();
  };
  await expect.poll(press, { timeout: 60_000, interval: 1000 }).toBe(true);
  return input;
}

it('finds words of guides and of the reference without the net', async () => {
  const { page, complaints } = await open('/start-here.html', 1440);
  for (const [word, result] of [
    ['Wilson interval', /evaluation/i],
    ['steepestAscent', /threat/i],
  ] as const) {
    await (await openSearch(page)).fill(word);
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    expect((await page.locator('.VPLocalSearchBox .result').allInnerTexts()).join('\n')).toMatch(result);
    await page.keyboard.press('Escape');
  }
  expect(complaints).toEqual([]);
  await page.close();
});

it('finds guides before symbols of the reference: forty questions of new users', async () => {
  const chunks = `${site}.cache/dist/assets/chunks/`;
  const file = readdirSync(chunks).find((name) => name.startsWith('@localSearchIndexroot'))!;
  const { default: json } = (await import(`${chunks}${file}`)) as { default: string };
  expect(missedBy(loadIndex(json))).toEqual([]);
});
