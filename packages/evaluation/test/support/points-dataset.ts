import type { Batch, BatchOptions, Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A data set of points in memory, in data-set order only. `calls` counts the batches that were
 * drawn.
 */
export function pointsDataset(
  points: readonly (readonly number[])[],
  labels: readonly number[],
  more: { hash?: string; numClasses?: number; bounds?: [number, number] } = {},
): Dataset & { calls: number } {
  const size = points[0]!.length;
  const dataset = {
    name: 'points',
    length: points.length,
    inputShape: [size],
    numClasses: more.numClasses ?? 2,
    bounds: more.bounds ?? ([0, 1] as const),
    hash: more.hash ?? `points-${JSON.stringify([points, labels]).length}`,
    calls: 0,
    async *batches({ size: rows, from = 0 }: BatchOptions): AsyncIterable<Batch> {
      for (let start = from; start < points.length; start += rows) {
        dataset.calls++;
        const part = points.slice(start, start + rows);
        yield {
          x: tf.tensor2d(part.map((point) => [...point])),
          y: tf.tensor1d(labels.slice(start, start + rows), 'int32'),
          ids: Int32Array.from(part, (_, i) => 1000 + start + i),
          extras: {},
        };
      }
    },
    subset: (positions: Int32Array) =>
      pointsDataset(
        Array.from(positions, (i) => points[i]!),
        Array.from(positions, (i) => labels[i]!),
        more,
      ),
    take: (count: number) => pointsDataset(points.slice(0, count), labels.slice(0, count), more),
    withExtras: () => {
      throw new Error('not used here');
    },
  };
  return dataset;
}

/** Points at signed Linf distance `gaps` from the line x0 + x1 = 1, all labelled 1. */
export function pointsAtGaps(gaps: readonly number[]): Dataset & { calls: number } {
  return pointsDataset(
    gaps.map((gap) => [0.5 + gap, 0.5 + gap]),
    gaps.map(() => 1),
  );
}
