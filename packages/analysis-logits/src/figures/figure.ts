import type { Json } from '@advrob/core';

export type FigureRow = { readonly [column: string]: string | number };

/** A figure as plain JSON, for a report to draw. */
export type FigureJson = {
  /** File name without extension. */
  readonly id: string;
  readonly title: string;
  /** What is drawn, and what to see in it. */
  readonly caption: string;
  /** For those who do not see it. */
  readonly alt: string;
  /** Keys of the rows in `spec.data.values`, in order, with the heading of their column. */
  readonly columns: { readonly [column: string]: string };
  /** Vega-Lite 6; holds its data. */
  readonly spec: { readonly data: { readonly values: readonly FigureRow[] }; readonly [key: string]: Json };
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
