import { percent, percentRange } from '../format/numbers.js';
import type { MainTable } from './main-table.js';

/** The main table for pull requests and notes. */
export function markdownTable({ columns, rows }: MainTable): string {
  const heads = ['Model', ...columns.map(({ title, threat }) => [title, threat].filter(Boolean).join(', '))];
  const lines = rows.map(({ model, cells }) => [
    model,
    ...cells.map((cell) => (cell ? `${percent(cell.rate)} (${percentRange(cell.interval)})` : '–')),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(columns.length)}`;
  return [line(heads), rule, ...lines.map(line)].join('\n') + '\n';
}

function escapeCell(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}
