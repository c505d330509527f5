import type { TopLevelSpec } from 'vega-lite';
import { percent } from '../format.js';
import type { DataRow, Figure, Width } from './figure.js';
import { figureWidth, modelColour, modelShape, pageSpec, shareAxis } from './theme.js';

/** A mean over seeds at a value of what is swept. */
export interface SweepPoint {
  /** Model, and what else tells its line from others. */
  readonly series: string;
  readonly value: number;
  readonly mean: number;
  readonly interval: readonly [low: number, high: number] | null;
}

/** Means over seeds against a swept number, a line for each series. */
export function sweepCurve(key: string, measure: string, points: readonly SweepPoint[]): Figure {
  const rows = [...points]
    .sort((a, b) => a.value - b.value)
    .map(({ series, value, mean, interval }) => ({
      model: series,
      value,
      mean,
      low: interval?.[0] ?? null,
      high: interval?.[1] ?? null,
    }));
  const names = [...new Set(points.map(({ series }) => series))];
  const ends = names.map((name) => {
    const line = rows.filter(({ model }) => model === name);
    return `${name} goes from ${percent(line[0]!.mean)} to ${percent(line.at(-1)!.mean)}`;
  });
  return {
    id: `${measure.toLowerCase().replaceAll(' ', '-')}-over-${key.replace(/\W+/g, '-')}`,
    title: `${measure} against ${key}`,
    caption: `Means over seeds; bands are 95% intervals of Student's t, where there are at least two seeds; lines join measured points.`,
    alt: `Lines of ${measure.toLowerCase()} over ${key}. ${ends.join('; ')}.`,
    rows,
    columns: { model: 'Model', value: key, mean: measure, low: 'Interval low', high: 'Interval high' },
    spec: (width) => curveSpec(key, measure, rows, names, width),
  };
}

function curveSpec(
  key: string,
  measure: string,
  rows: readonly DataRow[],
  names: readonly string[],
  width: Width,
): TopLevelSpec {
  const x = { field: 'value', type: 'quantitative', axis: { title: key, tickCount: width === 'wide' ? 8 : 5 } };
  const y = { field: 'mean', type: 'quantitative', scale: { domain: [0, 1] }, axis: shareAxis(measure) };
  const color = modelColour(names);
  return pageSpec(width, {
    width: figureWidth[width],
    height: width === 'wide' ? 380 : 360,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...rows] },
    layer: [
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'area', opacity: 0.16, clip: true },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      { mark: { type: 'line', clip: true, strokeWidth: 2.5 }, encoding: { x, y, color } },
      {
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { x, y, color, shape: modelShape(names) },
      },
    ],
  });
}
