import type { TopLevelSpec } from 'vega-lite';

/** A value of a figure's data. */
export type Value = string | number | null;
export type DataRow = Readonly<Record<string, Value>>;

/** Of the two renderings of a figure: for a page, and for a phone. */
export type Width = 'wide' | 'narrow';

/** A figure with the data it is drawn from. */
export interface Figure {
  /** File name without extension. */
  readonly id: string;
  readonly title: string;
  /** What is drawn, and what to see in it. */
  readonly caption: string;
  /** For those who do not see it. */
  readonly alt: string;
  readonly rows: readonly DataRow[];
  /** Keys of the rows in order, with the heading of their column. */
  readonly columns: Readonly<Record<string, string>>;
  spec(width: Width): TopLevelSpec;
}

/** The value of a row, null where it has none; the words of every object, as `constructor`, are none. */
export function cellOf(row: DataRow, key: string): Value {
  return Object.hasOwn(row, key) ? (row[key] ?? null) : null;
}

/** The data of a figure as CSV (RFC 4180). */
export function csvOf({ columns, rows }: Pick<Figure, 'columns' | 'rows'>): string {
  const keys = Object.keys(columns);
  const lines = [keys, ...rows.map((row) => keys.map((key) => cellOf(row, key)))];
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, which makes it a
 * text there; numbers stay as they are.
 */
function csvCell(value: Value): string {
  const isFormula = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && !Number.isFinite(Number(value));
  const text = `${isFormula ? "'" : ''}${value ?? ''}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
