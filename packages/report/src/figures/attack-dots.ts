import type { TopLevelSpec } from 'vega-lite';
import { listText, percent } from '../format.js';
import type { MainTable } from '../main-table.js';
import type { DataRow, Figure, Width } from './figure.js';
import { figureWidth, modelColour, modelShape, pageSpec, shareAxis } from './theme.js';

/** Every number of the main table with its interval. */
export function attackDots(table: MainTable): Figure {
  const names = table.rows.map(({ model }) => model);
  const measures = table.columns.map(({ title, threat }) => (threat === '' ? title : `${title}, ${threat}`));
  const rows: DataRow[] = table.rows.flatMap(({ model, cells }) =>
    cells.flatMap((cell, i) =>
      cell
        ? [{ model, measure: measures[i]!, accuracy: cell.rate, low: cell.interval[0], high: cell.interval[1] }]
        : [],
    ),
  );
  return {
    id: 'accuracy',
    title: 'Accuracy without an attack and under each',
    caption:
      'Share of test examples that are classified rightly, without an attack, under each attack, and in the worst case per example over the attacks of one threat. ' +
      'Whiskers: Wilson 95% intervals.',
    alt: `Dots with whiskers. ${table.rows.map(({ model, cells }) => `${model}: ${listText(cells.flatMap((cell, i) => (cell ? [`${measures[i]!} ${percent(cell.rate)}`] : [])))}`).join('; ')}.`,
    rows,
    columns: { model: 'Model', measure: 'Measure', accuracy: 'Accuracy', low: 'Interval low', high: 'Interval high' },
    spec: (width) => dotSpec(rows, names, measures, width),
  };
}

function dotSpec(
  rows: readonly DataRow[],
  names: readonly string[],
  measures: readonly string[],
  width: Width,
): TopLevelSpec {
  const y = {
    field: 'measure',
    type: 'nominal',
    sort: [...measures],
    axis: {
      title: null,
      domain: false,
      grid: false,
      ...(width === 'wide' ? { labelLimit: 240 } : { labelLimit: 110, labelExpr: "split(datum.label, ', ')" }),
    },
    scale: { paddingInner: names.length > 3 ? 0.2 : 0.35, paddingOuter: names.length > 3 ? 0.15 : 0.3 },
  };
  const yOffset = { field: 'model', type: 'nominal', sort: [...names] };
  const shared = { y, yOffset, color: modelColour(names) };
  return pageSpec(width, {
    width: figureWidth[width],
    height: { step: names.length > 3 ? 14 : 18, for: 'offset' },
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values: [...rows] },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: {
          ...shared,
          x: {
            field: 'low',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            axis: { ...shareAxis('Accuracy'), grid: true },
          },
          x2: { field: 'high' },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: { ...shared, x: { field: 'accuracy', type: 'quantitative' }, shape: modelShape(names) },
      },
    ],
  });
}
