import { countText, percent, percentRange } from '../format/numbers.js';
import type { MainTable } from './main-table.js';

/** The main table for pull requests and notes. */
export function markdownTable({ columns, rows }: MainTable): string {
  const hasGradients = rows.some(({ adversarialGradients }) => adversarialGradients !== undefined);
  const heads = [
    'Model',
    ...(hasGradients ? ['Adversarial gradients'] : []),
    ...columns.map(({ title, threat }) => [title, threat].filter(Boolean).join(', ')),
  ];
  const lines = rows.map(({ model, note, adversarialGradients, cells }) => [
    note === undefined ? model : `${model} (${note})`,
    ...(hasGradients ? [adversarialGradients === undefined ? '–' : countText(adversarialGradients)] : []),
    ...cells.map((cell) => (cell ? `${percent(cell.rate)} (${percentRange(cell.interval)})` : '–')),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(heads.length - 1)}`;
  return [line(heads), rule, ...lines.map(line)].join('\n') + '\n';
}

function escapeCell(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}
