import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';

const noGradient = (indices: Tensor) => (): Tensor => tf.zeros(indices.shape, 'float32');

/** Places of `extent` values each in one long row, from places in rows of that length. */
function inOneRow(indices: Tensor, extent: number): Tensor {
  const count = indices.shape[0]!;
  const starts = tf.mul(tf.range(0, count, 1, 'int32'), tf.scalar(extent, 'int32'));
  return tf.reshape(tf.add(indices, tf.reshape(starts, [count, 1])), [-1]);
}

/** Sums what was taken from one place; every batch axis is one of `[batch, outer, extent, inner]`. */
function ungathered(dy: Tensor, x: Tensor, indices: Tensor, axis: number, batchAxes: number): Tensor {
  const size = tf.util.sizeFromShape;
  const batch = size(x.shape.slice(0, batchAxes));
  const outer = size(x.shape.slice(batchAxes, axis));
  const extent = x.shape[axis]!;
  const inner = size(x.shape.slice(axis + 1));
  const taken = indices.size / batch;
  const byPlace = tf.transpose(tf.reshape(dy, [batch, outer, taken, inner]), [0, 2, 1, 3]);
  const places = inOneRow(tf.reshape(tf.cast(indices, 'int32'), [batch, taken]), extent) as tf.Tensor1D;
  const sums = tf.unsortedSegmentSum(tf.reshape(byPlace, [batch * taken, outer * inner]), places, batch * extent);
  return tf.reshape(tf.transpose(tf.reshape(sums, [batch, extent, outer, inner]), [0, 2, 1, 3]), x.shape);
}

/** Gradients of ops that choose by indices: the indices themselves have none. */
export const indexingGradients: readonly GradConfig[] = [
  {
    kernelName: 'GatherV2',
    inputsToSave: ['x', 'indices'],
    gradFunc: ((dy: Tensor, [x, indices]: [Tensor, Tensor], attributes: { axis: number; batchDims?: number }) => {
      const [axis = 0] = tf.util.parseAxisParam(attributes.axis, x.shape);
      const batchDims = attributes.batchDims ?? 0;
      const batchAxes = batchDims < 0 ? batchDims + indices.rank : batchDims;
      return { x: () => ungathered(dy, x, indices, axis, batchAxes), indices: noGradient(indices) };
    }) as unknown as GradFunc,
  },
  {
    kernelName: 'GatherNd',
    inputsToSave: ['params', 'indices'],
    gradFunc: ((dy: Tensor, [params, indices]: [Tensor, Tensor]) => ({
      params: () => tf.scatterND(indices, dy, params.shape),
      indices: noGradient(indices),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'ScatterNd',
    inputsToSave: ['indices'],
    gradFunc: ((dy: Tensor, [indices]: [Tensor]) => ({
      updates: () => tf.gatherND(dy, indices),
      indices: noGradient(indices),
    })) as unknown as GradFunc,
  },
  {
    kernelName: 'TopK',
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc: (([dy]: [Tensor], [x, indices]: [Tensor, Tensor]) => ({
      x: () => {
        const isPlace = tf.oneHot(tf.cast(indices, 'int32'), Math.max(2, x.shape[x.rank - 1]!));
        const shared = tf.sum(tf.mul(tf.cast(isPlace, 'float32'), tf.expandDims(dy, -1)), -2);
        return tf.slice(
          shared,
          x.shape.map(() => 0),
          x.shape,
        );
      },
    })) as unknown as GradFunc,
  },
];
