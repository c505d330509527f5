import { backend_util, util, type Tensor } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import { sizeOf } from '../ir/shape.js';
import type { NumericType, Value } from '../ir/value.js';
import { cast } from '../values/elementwise.js';
import { reshape, slice } from '../values/shape.js';
import { defineKernel } from './define.js';

defineKernel<{ axis: number; batchDims?: number }>('GatherV2', (call) => {
  const [x, indices] = [call.input('x'), call.input('indices')];
  const axis = util.parseAxisParam(call.attributes.axis, x.shape as number[])[0]!;
  const extent = x.shape[axis]!;
  // Indices that are known now are checked now; ONNX Runtime checks the others.
  for (const [index] of knownRows(indices, 1))
    util.assert(
      index! <= extent - 1 && index! >= 0,
      () => `GatherV2: the index value ${index} is not in [0, ${extent - 1}]`,
    );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
    asTensorInfo(x),
    asTensorInfo(indices),
    axis,
    call.attributes.batchDims ?? 0,
  );
  if (x.splat !== null) return splat(x.splat, outputShape, x.dtype, x.isDerived);
  const positions = cast(indices, 'int32');
  if (batchSize === 1) {
    const flat = call.attributes.batchDims ? reshape(positions, [indices.size]) : positions;
    const shape = [...x.shape.slice(0, axis), ...flat.shape, ...x.shape.slice(axis + 1)];
    return reshape(pending('Gather', [x, flat], shape, x.dtype, { axis }), outputShape);
  }
  const perBatch = indices.size / batchSize;
  const operands = [
    reshape(x, [batchSize * outerSize * dimSize, sliceSize]),
    reshape(positions, [batchSize, 1, perBatch]),
  ];
  const gathered = pending('BatchGather', operands, [batchSize, outerSize, perBatch, sliceSize], x.dtype, {
    extent: dimSize,
  });
  return reshape(gathered, outputShape);
});

defineKernel('GatherNd', (call) => {
  const [x, indices] = [call.input('params'), call.input('indices')];
  const shape = backend_util.prepareAndValidate(asTensorInfo(x), asTensorInfo(indices))[0];
  const depth = indices.shape[indices.shape.length - 1]!;
  checkPositions(indices, depth, x.shape);
  if (x.splat !== null) return splat(x.splat, shape, x.dtype, x.isDerived);
  return pending('GatherNd', [x, indices], shape, x.dtype);
});

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

/**
 * The gradient of a gather: rows of `x` summed by their segment; those of no segment are left out.
 */
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

defineKernel<{ depth: number; onValue: number; offValue: number; dtype: NumericType }>('OneHot', (call) => {
  const indices = call.input('indices');
  const { depth, onValue, offValue, dtype } = call.attributes;
  return pending('OneHot', [indices], [...indices.shape, depth], dtype, { on: onValue, off: offValue });
});

/** What tfjs' shape checks look at, for the functions that ask for a tensor. */
function asTensorInfo(value: Value): Tensor {
  return { shape: value.shape, dtype: value.dtype, rank: value.shape.length, size: value.size } as unknown as Tensor;
}

/**
 * The rows of `length` indices that are known without computing anything: a repeated one, or all,
 * or none.
 */
function* knownRows(indices: Value, length: number): Generator<number[]> {
  if (indices.size === 0) return;
  if (indices.splat !== null) yield new Array<number>(length).fill(indices.splat);
  const array = indices.buffer?.here ?? [];
  for (let start = 0; start < array.length; start += length)
    yield Array.from({ length }, (_, index) => array[start + index]!);
}

/**
 * @throws tfjs' error when a position that is known now lies outside `shape`; ONNX Runtime checks
 *   the others.
 */
function checkPositions(indices: Value, depth: number, shape: readonly number[]): void {
  for (const row of knownRows(indices, depth))
    if (row.some((index, axis) => index < 0 || index >= shape[axis]!))
      throw new Error(`Invalid indices: ${row} does not index into ${shape}`);
}
