import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { cast, expand } from '../build/elementwise.js';
import { pad, slice } from '../build/extent.js';
import { reshape, transpose } from '../build/shape.js';
import { pending, splat } from '../ir/create.js';
import type { NumericType } from '../ir/value.js';
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

defineKernel<{ begin: number | number[]; size: number | number[] }>('Slice', (call) => {
  const x = call.input('x');
  const shape = x.shape as number[];
  const like = { shape, dtype: x.dtype, dataId: {} } as Parameters<typeof slice_util.parseSliceParams>[0];
  const [begin, size] = slice_util.parseSliceParams(like, call.attributes.begin, call.attributes.size);
  slice_util.assertParamsValid(like, begin!, size!);
  return slice(x, begin!, size!);
});

defineKernel<{ paddings: [number, number][]; constantValue: number }>('PadV2', (call) => {
  const x = call.input('x');
  const { paddings, constantValue } = call.attributes;
  if (x.dtype === 'bool' && paddings.some(([before, after]) => before !== 0 || after !== 0)) return null;
  return pad(x, paddings, constantValue);
});

defineKernel<{ axis: number }>('Concat', (call) => {
  const axis = util.parseAxisParam(call.attributes.axis, call.all[0]!.shape as number[])[0]!;
  const shapes = call.all.map((value) => value.shape as number[]);
  backend_util.assertParamsConsistent(shapes, axis);
  const dtype = call.all[0]!.dtype;
  const inputs = call.all.filter((value) => value.size > 0).map((value) => cast(value, dtype));
  if (inputs.length === 1) return inputs[0]!;
  return pending('Concat', inputs, backend_util.computeOutShape(shapes, axis), dtype, { axis });
});

defineKernel<{ depth: number; onValue: number; offValue: number; dtype: NumericType }>('OneHot', (call) => {
  const indices = call.input('indices');
  const { depth, onValue, offValue, dtype } = call.attributes;
  return pending('OneHot', [indices], [...indices.shape, depth], dtype, { on: onValue, off: offValue });
});
