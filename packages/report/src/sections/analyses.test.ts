import { figure } from '@advrob/core/figure';
import { createRecord, encodeFloats, type AnalysisResult, type RunRecord } from '@advrob/evaluation';
import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../figures/draw.js';
import { renderReport, type Report } from '../render-report.js';
import { plain, sampleRecord } from '../../test/support/sample-record.js';

const rows = ['standard', 'robust'].flatMap((model) =>
  [1, 10, 100, 1000].map((step, i) => ({ model, step, value: model === 'robust' && i === 3 ? null : i + 1 })),
);
const table = {
  id: 'values',
  title: 'Values by step',
  columns: { model: 'Model', step: 'Step', value: 'Value' },
  rows,
};
const text = { caption: 'What is to be seen.', alt: 'Points in a row.' };
const x = { field: 'step', type: 'quantitative', scale: { type: 'log' } };
const y = { field: 'value', type: 'quantitative' };
const colour = { field: 'model', type: 'nominal', title: 'Model' };
const drawings = {
  plain: { mark: 'point', encoding: { x, y, color: colour } },
  square: { width: 400, height: 400, mark: 'point', encoding: { x, y } },
  heat: {
    mark: 'rect',
    encoding: { x: { ...x, type: 'ordinal', scale: {} }, y: { field: 'model', type: 'nominal' }, color: y },
  },
  columns: { mark: 'bar', encoding: { x, y, column: { field: 'model', type: 'nominal' } } },
  panels: { facet: { column: { field: 'model', type: 'nominal' } }, spec: { mark: 'line', encoding: { x, y } } },
  beside: {
    hconcat: [
      { mark: 'line', encoding: { x, y } },
      { mark: 'point', encoding: { x, y } },
    ],
  },
};

function analysisWith(change: Partial<AnalysisResult> = {}): AnalysisResult {
  return {
    id: 'step-values',
    analysis: 'step-values',
    summary: 'Values at steps.',
    paper: 'Nobody 2021, https://arxiv.org/abs/0000.00000',
    options: { bins: 4, attack: { attack: 'bim', options: { steps: 3 } } },
    seed: 5,
    models: {
      standard: { name: 'plain', modelHash: null },
      robust: { name: 'pgd-at', modelHash: null },
    },
    data: { ...sampleRecord().data, length: 64 },
    threat: { norm: 'linf', epsilon: 8 / 255 },
    findings: ['The value of the robust model is a tenth.'],
    tables: [table],
    figures: Object.entries(drawings).map(
      ([id, drawing]) => figure({ ...table, id }, text, drawing) as AnalysisResult['figures'][number],
    ),
    galleries: [
      {
        id: 'two',
        title: 'Two examples',
        caption: 'Black and white.',
        shape: [2, 2, 1],
        bounds: [0, 1],
        groups: [
          { title: 'Black', pictures: [{ image: encodeFloats(new Float32Array(4)), alt: 'All black', lines: ['0%'] }] },
          { title: 'None', pictures: [] },
        ],
      },
    ],
    values: { anything: 1 },
    ...change,
  };
}

/** A record of an analysis alone. */
function alone(analysis: AnalysisResult): RunRecord {
  const { models: _, data: __, ...rest } = sampleRecord();
  return createRecord({ ...rest, title: 'Theory', models: [], analyses: [analysis] });
}

let report: Report;
beforeAll(async () => {
  const record = sampleRecord();
  report = await renderReport({ ...record, models: plain(record.models), analyses: [analysisWith()] });
});

/** The part of the page under a heading of level 2. */
const section = (html: string, id: string): string => {
  const start = html.indexOf(`<h2 id="${id}"`);
  expect(start, id).toBeGreaterThan(0);
  const end = html.indexOf('<h2', start + 1);
  return html.slice(start, end < 0 ? undefined : end);
};

describe('an analysis on the page', () => {
  it('says what was found, on what, and by whom', () => {
    const part = section(report.html, 'analysis-step-values').replace(/\s+/g, ' ');
    expect(part).toContain('Step values: plain and pgd-at</h2>');
    expect(part).toContain('<li>The value of the robust model is a tenth.</li>');
    expect(part).toContain('In the roles: standard plain and robust pgd-at. 64 mnist test examples, L∞ 8/255. Seed 5.');
    expect(part).toContain('Source: Nobody 2021');
    expect(part).toMatch(/<dt>attack<\/dt> <dd>bim \(steps 3\)<\/dd>/);
    expect(report.markdown).toContain('- The value of the robust model is a tenth.');
  });

  it('says what checks of its models found, where these have no section of their own', async () => {
    const about = { name: 'gradient-differences', kind: 'cause', question: 'Does the gradient disagree?' } as const;
    const { html } = await renderReport(
      createRecord({
        ...sampleRecord(),
        models: [],
        analyses: [analysisWith({ figures: [], galleries: [] })],
        checks: [
          { ...about, model: 'plain', severity: 'serious', meaning: 'The op Elu is <wrong>.' },
          { ...about, model: 'pgd-at', severity: 'none' },
          { ...about, model: 'another', severity: 'serious' },
        ],
      }),
    );
    expect(html).toContain('<p class="bad">plain: Does the gradient disagree? Yes. The op Elu is &#60;wrong&#62;.</p>');
    expect(html).toContain('<small>pgd-at: Does the gradient disagree? No.</small>');
    expect(html).not.toContain('another:');
  });

  it('has its tables, with a dash where there is no value, and as files', () => {
    const part = section(report.html, 'analysis-step-values');
    expect(part).toContain('Values by step');
    expect(part).toMatch(/<td>–<\/td>/);
    expect(report.files['analysis-step-values-values.csv']).toContain('robust,1000,\r\n');
  });

  it.each(Object.keys(drawings))('fits the figure %s to the page and to a phone', (id) => {
    const name = `analysis-step-values-${id}`;
    const part = report.html.slice(report.html.indexOf(`<h3 id="${name}"`)).split('</section>')[0]!;
    const [wide, narrow] = Array.from(part.matchAll(/<svg [^]*?<\/svg>/g), ([svg]) => sizeOf(svg));
    expect(wide!.width).toBeLessThanOrEqual(902);
    expect(narrow!.width).toBeLessThanOrEqual(330);
    if (id !== 'square') expect(wide!.width).toBeGreaterThan(860);
    expect(narrow!.width).toBeGreaterThan(290);
    expect(part).toMatch(/aria-label="Points in a row\."/);
    expect(part).toContain('What is to be seen.');
    for (const type of ['svg', 'csv', 'vl.json']) expect(report.files).toHaveProperty([`${name}.${type}`]);
    expect(report.files[`${name}.svg`]).not.toContain('var(');
  });

  it('keeps a square square', () => {
    const { width, height } = JSON.parse(report.files['analysis-step-values-square.vl.json']!) as Record<
      string,
      number
    >;
    expect(width).toBe(height);
  });

  it('puts panels below each other on a phone', () => {
    const heights = (id: string): number[] => {
      const part = report.html
        .slice(report.html.indexOf(`<h3 id="analysis-step-values-${id}"`))
        .split('</section>')[0]!;
      return Array.from(part.matchAll(/<svg [^]*?<\/svg>/g), ([svg]) => sizeOf(svg).height);
    };
    for (const id of ['columns', 'panels', 'beside']) expect(heights(id)[1]!, id).toBeGreaterThan(300);
  });

  it('leaves the rows of the record as they were', () => {
    for (const row of rows) expect(Reflect.ownKeys(row)).toEqual(['model', 'step', 'value']);
  });

  it('shows its pictures, and no empty group', () => {
    const part = section(report.html, 'analysis-step-values');
    expect(part).toMatch(/<img\s+src="data:image\/png;base64,[^"]+"\s+alt="All black"/);
    expect(part).not.toContain('<b>None</b>');
  });

  it('cuts long tables short on the page alone', async () => {
    const many = Array.from({ length: 500 }, (_, step) => ({ model: 'standard', step, value: step }));
    const { html, files } = await renderReport(
      alone(analysisWith({ figures: [], tables: [{ ...table, rows: many }] })),
    );
    expect(html).toContain('The first 200 of 500 rows');
    expect(files['analysis-step-values-values.csv']!.trim().split('\r\n')).toHaveLength(501);
  });

  it('escapes everything, and draws no address out of a record', async () => {
    const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;
    const spec = {
      data: { values: rows },
      mark: { type: 'image', url: 'https://example.org/x.png' },
      encoding: { x, y },
    };
    const hostile = analysisWith({
      id: `a${evil}`,
      summary: evil,
      paper: evil,
      options: { [evil]: evil },
      findings: [evil],
      models: { [evil]: { name: evil, modelHash: null } },
      tables: [{ ...table, title: evil, columns: { [evil]: evil }, rows: [{ [evil]: evil }] }],
      figures: [{ ...table, ...text, id: evil, title: evil, caption: evil, alt: evil, spec }],
    });
    expect(() => alone(hostile)).toThrow(/analyses\.0\.id/);
    const { html } = await renderReport({ ...alone(analysisWith()), analyses: [hostile] });
    expect(html).not.toMatch(/<script|<img src=x/i);
    expect(html.replace(/data:[a-z+/]+;base64,[A-Za-z0-9+/=]+/g, '')).not.toContain('example.org');
  });

  it('names files by ids alone, whatever a record that was not parsed calls them', async () => {
    const away = '../'.repeat(9) + 'tmp/x';
    const [heat] = analysisWith().figures.filter(({ id }) => id === 'heat');
    const hostile = analysisWith({
      tables: [{ ...table, id: away }],
      figures: [
        { ...heat!, id: `${away}"><script>alert(1)</script>$&` },
        { ...heat!, id: away },
      ],
    });
    const { html, files } = await renderReport({ ...alone(analysisWith()), analyses: [hostile] });
    expect(html).not.toMatch(/<script/i);
    expect(Object.keys(files)).toHaveLength(3 + 3 + 1);
    for (const name of Object.keys(files)) expect(name).toMatch(/^[\w.-]+$/);
  });

  it('leaves the numbers of a figure that it does not draw', async () => {
    const specs = [{ mark: 'nonsense' }, { data: { sequence: { start: 0, stop: 3e7 } }, mark: 'point' }];
    const figures = specs.map((spec, i) => ({ ...table, ...text, id: `figure-${i}`, spec }));
    const { html, files } = await renderReport(alone(analysisWith({ figures })));
    expect(html).toContain('Not drawn: spec.mark: a figure of a record draws its own data alone; expected one of');
    expect(html).toContain('Not drawn: spec.data: a figure of a record draws its own data alone; &#39;sequence&#39;');
    expect(Object.keys(files).filter((name) => name.includes('figure-'))).toEqual([
      'analysis-step-values-figure-0.csv',
      'analysis-step-values-figure-1.csv',
    ]);
  });

  it('shows tables with columns that are called like words of every object', async () => {
    const columns = { constructor: 'Constructor', toString: 'Text' };
    const tables = [{ ...table, columns: columns as unknown as Record<string, string>, rows: [{ other: 1 }] }];
    const { files } = await renderReport(alone(analysisWith({ tables, figures: [] })));
    expect(files['analysis-step-values-values.csv']).toBe('constructor,toString\r\n,\r\n');
  });

  it('refuses a figure that would load its data', async () => {
    const figures = [{ ...table, ...text, id: 'x', spec: { data: { url: 'file:///etc/hostname' }, mark: 'point' } }];
    const { html } = await renderReport(alone(analysisWith({ figures })));
    expect(html).not.toContain('hostname');
  });
});

it('says how many of the data an analysis took', async () => {
  const data = { ...sampleRecord().data, length: 10_000 };
  const said = async (options: AnalysisResult['options']): Promise<string> =>
    (await renderReport(alone(analysisWith({ data, options, figures: [] })))).html;
  expect(await said({ examples: 64 })).toContain('The first 64 of 10,000 mnist test examples');
  for (const options of [{ examples: 10_000 }, { examples: 20_000 }, {}, null])
    expect(await said(options)).toMatch(/[. ]10,000 mnist test examples/);
});

describe('records of analyses alone', () => {
  // Two figures are enough to meet: a plain one, and one with a scale of colours, which has ids
  // inside.
  const figures = analysisWith().figures.filter(({ id }) => id === 'plain' || id === 'heat');
  const record = alone(analysisWith({ figures }));

  it('have a page that begins with what was found', async () => {
    const { html, markdown, json } = await renderReport(record);
    expect(html).toContain('<h1>Theory</h1>');
    expect(html.replace(/\s+/g, ' ')).toMatch(
      /<a href="#analysis-step-values">Step values: plain and pgd-at<\/a>: The value of the robust model is a tenth\./,
    );
    expect(html).not.toContain('What was run');
    expect(markdown).toMatch(/^\*\*step-values\*\*/);
    expect(json).toBe('[]\n');
  });

  it('come together with ids of their own', async () => {
    const { html, files } = await renderReport([record, record]);
    expect(html).toContain('id="analysis-step-values-2"');
    expect(files).toHaveProperty(['analysis-step-values-2-plain.svg']);
    const ids = Array.from(html.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
