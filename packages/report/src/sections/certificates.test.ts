import type { RecordedModel } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { sampleRecord } from '../../test/support/sample-record.js';
import { mainTable } from '../main-table.js';
import { renderReport } from '../render-report.js';
import { headlineOf, subjectsOf } from '../subjects.js';
import { certificateSentences, certificatesSection } from './certificates.js';

const share = (count: number): RecordedModel['clean'] => ({
  count,
  total: 1000,
  rate: count / 1000,
  interval: [0.3, 0.5],
});

/** A deterministic certifier of the model and a vote under noise, the second with a label that is markup. */
function certified(): ReturnType<typeof sampleRecord> {
  const record = sampleRecord();
  const certificates: NonNullable<RecordedModel['certificates']> = [
    {
      label: 'bounds',
      certifier: 'bounds',
      options: {},
      norm: 'linf',
      statement: { kind: 'deterministic', of: 'model', rounding: 'outward', text: 'Of the model.' },
      points: [{ epsilon: 0.1, certified: share(410), falsified: 100, open: 490 }],
      meanPasses: 2,
    },
    {
      label: '<b>vote',
      certifier: 'smoothing',
      options: {},
      norm: 'linf',
      statement: { kind: 'probabilistic', alpha: 0.001, of: 'smoothed', rounding: 'none', text: 'Of a vote.' },
      points: [{ epsilon: 0.1, certified: share(420), atLeast: 0.415, falsified: 50, open: 530 }],
      radii: { average: 0.123, curve: [[0, 0.9]] },
      meanPasses: 1024.2,
    },
  ];
  const bounds: RecordedModel['bounds'] = [
    { norm: 'linf', points: [{ epsilon: 0.1, certified: share(410), attacked: share(530), open: 120 }] },
  ];
  const [first, ...others] = record.models;
  return { ...record, models: [{ ...first!, certificates, bounds }, ...others] };
}

it('says both bounds, and of what each certificate holds', () => {
  expect(certificateSentences(subjectsOf([certified()]))).toEqual([
    'standard, robust accuracy in linf at 0.1: at least 41.0% (certified), at most 53.0% (attacked); 120 of 1000 examples are open',
    'standard, bounds in linf at 0.1: certified 41.0% of 1000 [30.0%, 50.0%]; 100 falsified, 490 open',
    'standard, bounds: 2 forward passes an example. Of the model.',
    'standard, <b>vote (of the smoothed classifier) in linf at 0.1: certified 42.0% of 1000 [30.0%, 50.0%]; rightly so at least 41.5%, with a probability of 0.999; 50 falsified, 530 open',
    'standard, <b>vote (of the smoothed classifier) in linf: average certified radius at least 0.123',
    'standard, <b>vote: 1024 forward passes an example. Of a vote.',
  ]);
  expect(certificatesSection(subjectsOf([sampleRecord()]))).toBeUndefined();
});

it('stands in table, curve, Markdown and page', async () => {
  const subjects = subjectsOf([certified()]);
  const { columns, rows } = mainTable(subjects, headlineOf(subjects, { linf: 0.1 }));
  const titles = columns.map(({ title }) => title);
  expect(titles.slice(-2)).toEqual([
    'Certified by bounds, at least',
    'Certified by <b>vote (smoothed classifier), at least',
  ]);
  expect(rows.map(({ cells }) => cells.at(-2)?.count)).toEqual([410, undefined, undefined]);
  const { html, markdown, json, files } = await renderReport(certified(), { epsilon: { linf: 0.1 } });
  expect(html).toContain('<h2 id="certificates">Certificates</h2>');
  expect(html).not.toContain('<b>vote');
  expect(markdown).toContain('at least 41.0%');
  expect(JSON.parse(json)).toContainEqual(
    expect.objectContaining({ kind: 'certified', certifier: 'bounds', rate: 0.41 }),
  );
  expect(files['robust-accuracy-linf.csv']).toMatch(/standard,"?Certified by bounds, at least"?,0\.1,0\.41/);
});
