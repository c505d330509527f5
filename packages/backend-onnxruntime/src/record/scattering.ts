import { backend_util } from '@tensorflow/tfjs-core';
import { cast } from '../build/elementwise.js';
import { slice } from '../build/extent.js';
import { reshape } from '../build/shape.js';
import { pending, splat } from '../ir/create.js';
import { sizeOf } from '../ir/shape.js';
import { defineKernel } from './define.js';
import { asTensorInfo, checkPositions } from './indices.js';

/** Sums of what is sent to the same place. */
defineKernel<{ shape: number[] }>('ScatterNd', (call) => {
  const [indices, updates] = [call.input('indices'), call.input('updates')];
  const { shape } = call.attributes;
  if (updates.dtype === 'bool') return null; // tfjs adds bytes
  if (sizeOf(shape) === 0 || updates.size === 0) return splat(0, shape, updates.dtype);
  const { sliceRank, numUpdates, sliceSize, outputSize } = backend_util.calculateShapes(
    asTensorInfo(updates),
    asTensorInfo(indices),
    shape,
  );
  checkPositions(indices, sliceRank, shape);
  const operands = [reshape(indices, [numUpdates, sliceRank]), reshape(updates, [numUpdates, sliceSize])];
  const rows = pending('ScatterAdd', operands, [outputSize / sliceSize, sliceSize], updates.dtype, {
    extents: shape.slice(0, sliceRank),
  });
  return reshape(rows, shape);
});

/** The gradient of a gather: rows of `x` summed by their segment; those of no segment are left out. */
defineKernel<{ numSegments: number }>('UnsortedSegmentSum', (call) => {
  const [x, ids] = [call.input('x'), call.input('segmentIds')];
  const { numSegments } = call.attributes;
  const shape = [numSegments, ...x.shape.slice(1)];
  if (x.dtype !== 'float32' || ids.shape.length !== 1 || ids.size !== x.shape[0]) return null;
  if (x.size === 0) return splat(0, shape, x.dtype);
  const width = x.size / ids.size;
  const operands = [reshape(cast(ids, 'int32'), [ids.size, 1]), reshape(x, [ids.size, width])];
  const rows = pending('SegmentSum', operands, [numSegments + 1, width], x.dtype);
  return reshape(slice(rows, [0, 0], [numSegments, width]), shape);
});
