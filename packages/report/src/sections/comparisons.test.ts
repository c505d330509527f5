import { compareModels, type ExampleRecord, type JudgedModel } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { renderReport } from '../render-report.js';
import { plain, sampleRecord } from '../../test/support/sample-record.js';

const record = sampleRecord();

/** Examples of which the first `right` are classified rightly; nothing was attacked. */
function judged(model: number, right: number): JudgedModel {
  const examples = Array.from({ length: 200 }, (_, index): ExampleRecord => ({
    index,
    label: 0,
    cleanPrediction: index < right ? 0 : 1,
    cleanCorrect: index < right,
    robust: index < right,
    success: index >= right,
    fooledBy: index < right ? null : 'clean',
    distance: 0,
    queries: 0,
    attacks: [],
  }));
  return { result: { ...record.models[model]!, attacks: [], worstCase: [] }, examples };
}

it('shows models against each other on the same examples', async () => {
  const comparison = compareModels(judged(1, 150), judged(0, 190), { resamples: 1000 });
  const cheap = { ...record, models: plain(record.models) };
  const { html } = await renderReport(cheap, { comparisons: [comparison] });
  const section = html.slice(html.indexOf('id="comparisons"')).split('</section>')[0]!;
  expect(section).toContain('pgd-at against standard');
  expect(section).toContain('200 examples');
  const cells = Array.from(section.matchAll(/<td class="number">([^<]*)<\/td>/g), ([, cell]) => cell);
  expect(cells.slice(0, 3)).toEqual(['75.0%', '95.0%', '−20.0']);
  expect(cells[3]).toMatch(/^−\d\d\.\d to −1\d\.\d$/);
  expect(cells[4]).toBe('&#60; 0.001');
  expect((await renderReport(cheap)).html).not.toContain('Paired comparisons');
});
