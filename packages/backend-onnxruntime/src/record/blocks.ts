import { backend_util, util } from '@tensorflow/tfjs-core';
import { pad, slice } from '../build/extent.js';
import { reshape, transpose } from '../build/shape.js';
import { defineKernel } from './define.js';

// Moves of whole blocks between axes: reshapes around one transposition.

defineKernel<{ blockShape: number[]; paddings: [number, number][] }>('SpaceToBatchND', (call) => {
  const x = call.input('x');
  const { blockShape, paddings } = call.attributes;
  const size = util.sizeFromShape(blockShape);
  const all = x.shape.map((_, axis) => paddings[axis - 1] ?? ([0, 0] as const));
  if (x.dtype === 'bool') return null;
  const padded = pad(x, all, 0);
  const shape = padded.shape as number[];
  const split = backend_util.getReshaped(shape, blockShape, size, false);
  const order = backend_util.getPermuted(split.length, blockShape.length, false);
  const outShape = backend_util.getReshapedPermuted(shape, blockShape, size, false);
  return reshape(transpose(reshape(padded, split), order), outShape);
});

defineKernel<{ blockShape: number[]; crops: number[][] }>('BatchToSpaceND', (call) => {
  const x = call.input('x');
  const { blockShape, crops } = call.attributes;
  const size = util.sizeFromShape(blockShape);
  const shape = x.shape as number[];
  const split = backend_util.getReshaped(shape, blockShape, size);
  const order = backend_util.getPermuted(split.length, blockShape.length);
  const joined = backend_util.getReshapedPermuted(shape, blockShape, size);
  const whole = reshape(transpose(reshape(x, split), order), joined);
  const begin = backend_util.getSliceBeginCoords(crops, blockShape.length);
  const extents = backend_util.getSliceSize(joined, crops, blockShape.length);
  // Both lists end with the cropped axes; the others are whole.
  return slice(
    whole,
    joined.map((_, axis) => begin[axis] ?? 0),
    joined.map((extent, axis) => extents[axis] ?? extent),
  );
});

defineKernel<{ blockSize: number; dataFormat: string }>('DepthToSpace', (call) => {
  const x = call.input('x');
  const { blockSize: block, dataFormat } = call.attributes;
  util.assert(dataFormat === 'NHWC', () => `Only NHWC dataFormat supported on CPU for depthToSpace. Got ${dataFormat}`);
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const depth = c / (block * block);
  const split = reshape(x, [n, h, w, block, block, depth]);
  return reshape(transpose(split, [0, 1, 3, 2, 4, 5]), [n, h * block, w * block, depth]);
});
