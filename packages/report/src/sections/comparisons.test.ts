import { compareModels, type ExampleRecord, type JudgedModel } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { renderReport } from '../index.js';
import { sampleRecord } from '../../test/support/sample-record.js';

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
  const comparison = compareModels(judged(1, 150), judged(0, 190));
  const { html } = await renderReport(record, { comparisons: [comparison] });
  const section = html.slice(html.indexOf('id="comparisons"')).split('</section>')[0]!;
  expect(section).toContain('pgd-at against standard');
  expect(section).toContain('200 examples');
  const cells = Array.from(section.matchAll(/<td class="number">([^<]*)<\/td>/g), ([, cell]) => cell);
  expect(cells.slice(0, 3)).toEqual(['75.0%', '95.0%', '−20.0']);
  expect(cells[3]).toMatch(/^−\d\d\.\d to −1\d\.\d$/);
  expect(cells[4]).toBe('&#60; 0.001');
  expect((await renderReport(record)).html).not.toContain('Paired comparisons');
});

it('puts the cost of training and a note beside the name of a model', async () => {
  const [standard, robust, ...others] = record.models;
  const training = { ...robust!.training!, adversarialGradients: 153_600 };
  const models = [standard!, { ...robust!, training, note: 'undertrained at this budget' }, ...others];
  const { html, markdown } = await renderReport({ ...record, models });
  expect(html).toMatch(
    /pgd-at\s*<small>153,600 adversarial gradients<\/small>\s*<small class="bad">undertrained at this budget<\/small>/,
  );
  expect(markdown).toContain('| Model | Adversarial gradients | Clean |');
  expect(markdown).toContain('| pgd-at (undertrained at this budget) | 153,600 |');
  expect(markdown).toMatch(/\| standard \| – \|/);
});
