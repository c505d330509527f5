import { expect, it } from 'vitest';
import { sampleRecord } from '../test/support/sample-record.js';
import { htmlTable, mainTable, markdownTable } from './main-table.js';
import { headlineOf, subjectsOf } from './subjects.js';

it('puts the cost of training and a note beside the name of a model', () => {
  const record = sampleRecord();
  const [standard, robust, ...others] = record.models;
  const training = { ...robust!.training!, adversarialGradients: 153_600 };
  const models = [standard!, { ...robust!, training, note: 'undertrained at this budget' }, ...others];
  const subjects = subjectsOf([{ ...record, models }]);
  const table = mainTable(subjects, headlineOf(subjects));
  const [html, markdown] = [htmlTable(table, 'Accuracy').html, markdownTable(table)];
  expect(html).toMatch(
    /pgd-at\s*<small>153,600 adversarial gradients<\/small>\s*<small class="bad">undertrained at this budget<\/small>/,
  );
  expect(markdown).toContain('| Model | Adversarial gradients | Clean |');
  expect(markdown).toContain('| pgd-at (undertrained at this budget) | 153,600 |');
  expect(markdown).toMatch(/\| standard \| – \|/);
});
