import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium.js';
import { faintTexts } from './contrast.js';

const config = fileURLToPath(new URL('experiment.yaml', import.meta.url));
const bin = fileURLToPath(new URL('../../packages/cli/dist/bin.js', import.meta.url));
const widths = [360, 1440];
const themes = ['light', 'dark'] as const;

let browser: Browser;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-browser-'));
  await promisify(execFile)(process.execPath, [bin, 'run', config, '--out', folder]);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page in a fresh window, with everything that went wrong on the way. */
async function open(width: number, colorScheme: 'light' | 'dark'): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  const address = pathToFileURL(join(folder, 'report.html')).href;
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(address);
  return { page, complaints };
}

describe.each(themes)('the page of a run with every analysis, %s', (theme) => {
  it.each(widths)('at %i px: no complaint, no request, no overflow, text that can be read', async (width) => {
    const { page, complaints } = await open(width, theme);
    try {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      // What stands beyond the edge without a scroll bar of its own.
      const beyond = await page.evaluate(() =>
        Array.from(document.querySelectorAll('main *:not(.scroll *)'))
          .filter((element) => element.getClientRects().length > 0 && !element.closest('thead'))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      expect(beyond).toEqual([]);
      // Also what is folded away.
      await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      const { faint, looked } = await page.evaluate(faintTexts);
      expect(looked).toBeGreaterThan(1000);
      expect(faint).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
    }
  });

  it('takes its colours from the reader', async () => {
    const { page } = await open(1440, theme);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.close();
    expect(background).toBe(theme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 28)');
  });
});

describe('what is drawn', () => {
  it('every picture has a size and words for those who do not see it, in one width at a time', async () => {
    const { page } = await open(1440, 'light');
    const drawn = await page.evaluate(() =>
      Array.from(document.querySelectorAll('svg, img'))
        .filter((element) => element.getClientRects().length > 0)
        .map((element) => {
          const { width, height } = element.getBoundingClientRect();
          return { width, height, words: element.getAttribute('aria-label') ?? element.getAttribute('alt') ?? '' };
        }),
    );
    await page.close();
    expect(drawn.length).toBeGreaterThan(30);
    for (const { width, height, words } of drawn) {
      expect(Math.min(width, height), words).toBeGreaterThan(20);
      expect(words.length).toBeGreaterThan(5);
    }
  });

  it('letters of figures are not smaller than 9 px on a phone', async () => {
    const { page } = await open(360, 'light');
    const smallest = await page.evaluate(() => {
      const scale = (svg: SVGSVGElement): number => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      return Array.from(document.querySelectorAll('svg'))
        .filter((svg) => svg.getClientRects().length > 0)
        .flatMap((svg) =>
          Array.from(svg.querySelectorAll('text'), (text) => scale(svg) * parseFloat(getComputedStyle(text).fontSize)),
        )
        .reduce((least, size) => Math.min(least, size), Infinity);
    });
    await page.close();
    expect(smallest).toBeGreaterThan(9);
  });

  it('the narrow table keeps its words for screen readers', async () => {
    const { page } = await open(360, 'light');
    const roles = await page.evaluate(() =>
      ['table', 'rowgroup', 'row', 'columnheader', 'rowheader', 'cell'].map(
        (role) => document.querySelectorAll(`.results [role="${role}"], .results[role="${role}"]`).length,
      ),
    );
    await page.close();
    for (const count of roles) expect(count).toBeGreaterThan(0);
  });
});
