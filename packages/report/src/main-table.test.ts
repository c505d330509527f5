import { expect, it } from 'vitest';
import { sampleRecord } from '../test/support/sample-record.js';
import { htmlTable, latexTable, mainTable, markdownTable } from './main-table.js';
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

it('makes a table for LaTeX in which names are no commands', () => {
  const record = sampleRecord();
  const [standard, robust] = record.models;
  const models = [{ ...standard!, name: 'a_b\\input{x} 100% & $y$\n#1' }, robust!];
  const subjects = subjectsOf([{ ...record, models }]);
  const lines = latexTable(mainTable(subjects, headlineOf(subjects)))
    .trim()
    .split('\n');
  const rows = lines.filter((line) => line.endsWith('\\\\'));
  expect(rows).toHaveLength(3);
  expect(rows[1]).toMatch(/^a\\_b\\textbackslash\{\}input\\\{x\\\} 100\\% \\& \\\$y\\\$ \\#1 & /);
  const columns = rows.map((row) => row.split(/(?<!\\)&/).length);
  expect(new Set(columns).size).toBe(1);
  expect(lines[1]).toBe(`\\begin{tabular}{l${'r'.repeat(columns[0]! - 1)}}`);
  expect(rows[0]).toContain('L$\\infty$');
});
