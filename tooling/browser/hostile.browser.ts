import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseRecord } from '@advrob/evaluation';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderReport } from '../../packages/report/src/index.js';
import { sampleRecord } from '../../packages/report/test/support/sample-record.js';
import { launchChromium } from './chromium.js';

/** In every text of a record: what would run, load or lead elsewhere, in elements, attributes, styles and SVG. */
const evil =
  `"'><script>window.owned=1</script><img src="http://localhost:9/i" onerror="window.owned=1">` +
  `<meta http-equiv="refresh" content="0;url=http://localhost:9/"><base href="http://localhost:9/">` +
  `</style><style>*{background:url(http://localhost:9/s)}</style></title></text></svg><iframe src="javascript:window.owned=1">` +
  "javascript:window.owned=1 $& $` $' ]]> --> ${owned} `";
const address = 'http://localhost:9/x';
const points = { data: { values: [{ a: 1, b: evil, u: address }] }, mark: 'point' };
const x = { field: 'a', type: 'quantitative' };
const specs = [
  { ...points, encoding: { x, y: { field: 'b', type: 'nominal' }, color: { field: 'b' }, row: { field: 'b' } } },
  { ...points, encoding: { x: { ...x, title: evil }, color: { ...x, title: [evil, evil] } }, title: evil },
  { ...points, encoding: { x, href: { field: 'u' } } },
  { ...points, mark: { type: 'point', href: address } },
  { ...points, mark: { type: 'image', url: address, width: 9, height: 9 } },
  { ...points, mark: { type: 'bar', fill: `url(${address})` }, encoding: { x } },
  { ...points, mark: { type: 'point', cursor: `url(${address}), auto`, tooltip: evil } },
  { ...points, data: { url: address } },
  { ...points, encoding: { x: { ...x, axis: { labelExpr: 'window.owned=1' } } } },
  { ...points, transform: [{ calculate: "toString.constructor('window.owned=1')()", as: 'z' }] },
  { ...points, usermeta: { embedOptions: { loader: { http: {} } } }, config: { font: `url(${address})` } },
  { mark: 'nonsense' },
];
/** Texts that a record may not choose, and pictures. */
const fixed = ['format', 'norm', 'attackOn', 'kind', 'severity', 'on', 'image', 'id', 'spec'];

/** The same with every other text spoiled, names of keys too where they are free. */
function spoiled(value: unknown, key = '', isFree = false): unknown {
  if (fixed.includes(key)) return value;
  if (typeof value === 'string') return evil + value;
  if (Array.isArray(value)) return value.map((one) => spoiled(one, '', isFree));
  if (typeof value !== 'object' || value === null) return value;
  const free = isFree || ['versions', 'seeds', 'config', 'options', 'values', 'columns', 'rows'].includes(key);
  const entries = Object.entries(value).map(([name, inner]) => [free ? evil + name : name, spoiled(inner, name, free)]);
  return Object.fromEntries(entries);
}

let browser: Browser;
let folder = '';
let pages: string[] = [];
beforeAll(async () => {
  const sample = sampleRecord(['standard', 'pgd-at']);
  const table = { title: 't', columns: { a: 'A' }, rows: [{ a: 'text' }] };
  const text = { ...table, caption: 'c', alt: 'a' };
  const [{ samples }] = sample.models as [(typeof sample.models)[number]];
  const analysis = {
    id: 'foreign',
    analysis: 'foreign',
    summary: 's',
    paper: 'p',
    options: { examples: 3, name: 'x' },
    seed: 0,
    models: { role: { name: 'n', modelHash: 'h' } },
    findings: ['f'],
    tables: [{ ...table, id: 'table' }],
    figures: specs.map((spec, i) => ({ ...text, id: `figure-${i}`, spec })),
    galleries: [
      {
        id: 'gallery',
        title: 't',
        caption: 'c',
        shape: [28, 28, 1],
        bounds: [0, 0],
        groups: [{ title: 'g', pictures: [{ image: samples[0]!.clean.image, alt: 'a', lines: ['l'] }] }],
      },
    ],
    values: {},
  };
  const check = { name: 'n', model: 'standard', kind: 'cause', severity: 'serious', question: 'q', measured: 'm' };
  const hostile = spoiled({ ...sample, analyses: [analysis], checks: [check] });
  const { html, files } = await renderReport(parseRecord(JSON.stringify(hostile)));
  folder = await mkdtemp(join(tmpdir(), 'advrob-hostile-'));
  const written = Object.entries({ 'report.html': html, ...files });
  for (const [name, content] of written) await writeFile(join(folder, name), content);
  pages = written.map(([name]) => name).filter((name) => /\.(html|svg)$/.test(name));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

it('the page and the drawings of a record by a stranger run nothing, ask for nothing and stay where they are', async () => {
  expect(pages.length).toBeGreaterThan(5);
  for (const name of pages) {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const address = pathToFileURL(join(folder, name)).href;
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => (complaints.push('a dialog'), void dialog.dismiss()));
    page.on('popup', () => complaints.push('a window'));
    page.on('request', (request) => {
      if (request.url() !== address && !request.url().startsWith('data:')) complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(address);
    await page.evaluate(() => {
      document.querySelectorAll('details').forEach((each) => (each.open = true));
      document.querySelectorAll('main *').forEach((each) => each.dispatchEvent(new MouseEvent('mouseover')));
    });
    const found = await page.evaluate(() => ({
      owned: 'owned' in window,
      active: document.querySelectorAll('script, iframe, object, embed, base, link, form, foreignObject, image').length,
      refresh: document.querySelectorAll('meta[http-equiv="refresh" i]').length,
      handlers: Array.from(document.querySelectorAll('*')).filter((each) =>
        Array.from(each.attributes).some(({ name }) => name.startsWith('on')),
      ).length,
      links: Array.from(document.querySelectorAll('[href], [src]'))
        .flatMap((each) => [each.getAttribute('href'), each.getAttribute('src')])
        .filter((link) => link !== null && !/^(data:(image|text\/csv)|#)/.test(link)),
    }));
    expect([name, found]).toEqual([name, { owned: false, active: 0, refresh: 0, handlers: 0, links: [] }]);
    expect([name, page.url(), complaints]).toEqual([name, address, []]);
    await page.close();
  }
});
