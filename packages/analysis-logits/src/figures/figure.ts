import type { Json } from '@advrob/core';

type FigureRow = { readonly [column: string]: string | number };

/** A table as plain JSON; null where a value does not exist. */
export type TableJson = {
  readonly id: string;
  readonly title: string;
  /** Keys of the rows in order, with the heading of their column. */
  readonly columns: { readonly [column: string]: string };
  readonly rows: readonly { readonly [column: string]: string | number | null }[];
};

/** A figure as plain JSON, for a report to draw: a table with a Vega-Lite 6 spec that holds its rows. */
export type FigureJson = TableJson & {
  /** What is drawn, and what to see in it. */
  readonly caption: string;
  /** For those who do not see it. */
  readonly alt: string;
  readonly spec: { readonly [key: string]: Json };
};

/** What all specs of this package begin with. */
export function vegaLite(rows: readonly FigureRow[], width = 560, height = 260) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width,
    height,
    data: { values: rows },
  } as const;
}

/** A number for captions. */
export function shortNumber(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(2);
}
