import type { Figure } from './figure.js';

/** The data of a figure as CSV (RFC 4180). */
export function csvOf({ columns, rows }: Pick<Figure, 'columns' | 'rows'>): string {
  const keys = Object.keys(columns);
  const lines = [keys, ...rows.map((row) => keys.map((key) => String(row[key] ?? '')))];
  return lines.map((cells) => `${cells.map(quote).join(',')}\r\n`).join('');
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
