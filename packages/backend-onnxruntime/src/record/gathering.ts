import { backend_util, util } from '@tensorflow/tfjs-core';
import { cast } from '../build/elementwise.js';
import { reshape } from '../build/shape.js';
import { pending, splat } from '../ir/create.js';
import { defineKernel } from './define.js';
import { asTensorInfo, checkPositions, knownRows } from './indices.js';

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
