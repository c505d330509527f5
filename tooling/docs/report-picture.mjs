// The picture of a report that the README shows: node tooling/docs/report-picture.mjs <run>, by default runs/demo (`npm run demo`). Needs Chromium.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { parseRecord } from '../../packages/evaluation/dist/index.js';
import { renderReport } from '../../packages/report/dist/index.js';
import { root } from '../fresh/prepare.mjs';

const [run = 'runs/demo'] = process.argv.slice(2);
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path && existsSync(path),
);
const { html } = await renderReport(parseRecord(readFileSync(join(run, 'record.json'), 'utf8')));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 1150 }, colorScheme: 'light' });
  await page.setContent(html);
  await page.screenshot({ path: join(root, 'docs/report.png') });
} finally {
  await browser.close();
}
