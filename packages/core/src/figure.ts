import type { Json } from './contract/index.js';

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

/**
 * A figure for a report: a Vega-Lite spec with its data inside, and what to say about it. Plain
 * JSON. A report draws no spec with expressions, links, parameters, images or data from elsewhere.
 */
export type Figure = Table & {
  /** What is drawn, and what to see in it. */
  readonly caption: string;
  /** For those who do not see it. */
  readonly alt: string;
  readonly spec: { readonly [key: string]: Json };
};

/** A picture of a report with the words below it. */
export type Picture = {
  /** float32 values of the example, row-major, as base64 of little-endian bytes. */
  readonly image: string;
  /** For those who do not see it. */
  readonly alt: string;
  /** Short lines below it. */
  readonly lines: readonly string[];
};

/** Pictures of examples in groups, for a report: plain JSON. */
export type Gallery = {
  readonly id: string;
  readonly title: string;
  /** What is shown, and what to see in it. */
  readonly caption: string;
  /** Of one example: [h, w], [h, w, 1] or [h, w, 3]. */
  readonly shape: readonly number[];
  /** Values of black and white. */
  readonly bounds: readonly number[];
  readonly groups: readonly { readonly title: string; readonly pictures: readonly Picture[] }[];
};

/**
 * What an analysis may give a report beside values of its own: sentences that say what was found,
 * tables, figures, galleries. A report shows these keys of a result, whoever wrote the analysis;
 * the other keys are for programs.
 */
export type Findings = {
  readonly findings?: readonly string[];
  readonly tables?: readonly Table[];
  readonly figures?: readonly Figure[];
  readonly galleries?: readonly Gallery[];
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
