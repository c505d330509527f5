import type { Json } from '../contract/index.js';

/** A row of a figure's or table's data. */
export type Row = Readonly<Record<string, string | number | null>>;

/** A table for a report: plain JSON. */
export type Table = {
  readonly id: string;
  readonly title: string;
  /** Keys of the rows in order, with the heading of their column. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
};

/** A figure for a report: a Vega-Lite spec with its data inside, and what to say about it. Plain JSON. */
export type Figure = Table & {
  /** What is drawn, and what to see in it. */
  readonly caption: string;
  /** For those who do not see it. */
  readonly alt: string;
  readonly spec: { readonly [key: string]: Json };
};

/** A figure out of a table and what is drawn of it; size and colours are the report's. */
export function figure(
  table: Table,
  text: { readonly caption: string; readonly alt: string },
  drawing: { readonly [key: string]: Json },
): Figure {
  return {
    ...table,
    ...text,
    spec: { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', data: { values: table.rows }, ...drawing },
  };
}

/** A quantitative field on an axis with a title. */
export function quantity(
  field: string,
  title: string,
  scale: { readonly [key: string]: Json } = {},
): { readonly [key: string]: Json } {
  return { field, type: 'quantitative', title, scale };
}
