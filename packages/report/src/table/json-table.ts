import type { MainTable } from './main-table.js';

/** The main table for leaderboards and scripts: one entry per model and column, rates from 0 to 1. */
export function jsonTable({ columns, rows }: MainTable): string {
  const entries = rows.flatMap(({ model, cells }) =>
    cells.flatMap((cell, i) => {
      const { kind, norm, epsilon, attack } = columns[i]!;
      return cell ? [{ model, kind, ...(attack && { attack }), ...(norm && { norm, epsilon }), ...cell }] : [];
    }),
  );
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}
