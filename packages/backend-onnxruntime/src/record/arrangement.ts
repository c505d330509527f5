import { backend_util, util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import { expand } from '../values/elementwise.js';
import { pad, reshape, slice, transpose } from '../values/shape.js';
import { defineKernel } from './define.js';

defineKernel<{ perm: number[] }>('Transpose', (call) => transpose(call.input('x'), call.attributes.perm));

defineKernel<{ shape: number[] }>('BroadcastTo', (call) => expand(call.input('x'), call.attributes.shape));

defineKernel<{ reps: number[] }>('Tile', (call) => {
  const x = call.input('x');
  const { reps } = call.attributes;
  const rank = Math.max(reps.length, x.shape.length);
  const padded = reshape(x, [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape]);
  const repeats = [...new Array<number>(rank - reps.length).fill(1), ...reps];
  const shape = padded.shape.map((extent, axis) => extent * repeats[axis]!);
  if (x.splat !== null) return splat(x.splat, shape, x.dtype, x.isDerived);
  if (padded.shape.every((extent, axis) => extent === 1 || repeats[axis] === 1)) return expand(padded, shape);
  return pending('Tile', [padded], shape, x.dtype, { repeats });
});

defineKernel<{ paddings: [number, number][]; constantValue: number }>('PadV2', (call) => {
  const x = call.input('x');
  const { paddings, constantValue } = call.attributes;
  if (x.dtype === 'bool' && paddings.some(([before, after]) => before !== 0 || after !== 0)) return null;
  return pad(x, paddings, constantValue);
});

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

/** Axis by axis, as a choice of rows: ONNX' Pad knows no symmetric mode. */
defineKernel<{ paddings: [number, number][]; mode: 'reflect' | 'symmetric' }>('MirrorPad', (call) => {
  const { paddings, mode } = call.attributes;
  const repeated = mode === 'reflect' ? 0 : 1;
  return paddings.reduce((x, [before, after], axis) => {
    if (before === 0 && after === 0) return x;
    const extent = x.shape[axis]!;
    const shape = x.shape.map((full, index) => (index === axis ? before + full + after : full));
    const rows = Array.from({ length: shape[axis]! }, (_, index) => {
      const row = index - before;
      if (row < 0) return -row - repeated;
      return row < extent ? row : 2 * (extent - 1) - row + repeated;
    });
    return pending('Pick', [x], shape, x.dtype, { axis, rows });
  }, call.input('x'));
});
