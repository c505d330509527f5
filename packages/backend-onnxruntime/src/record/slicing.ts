import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import type { Value } from '../ir/value.js';
import { cast } from '../values/elementwise.js';
import { reshape, slice } from '../values/shape.js';
import { defineKernel } from './define.js';

defineKernel<{ begin: number | number[]; size: number | number[] }>('Slice', (call) => {
  const x = call.input('x');
  const shape = x.shape as number[];
  const like = { shape, dtype: x.dtype, dataId: {} } as Parameters<typeof slice_util.parseSliceParams>[0];
  const [begin, size] = slice_util.parseSliceParams(like, call.attributes.begin, call.attributes.size);
  slice_util.assertParamsValid(like, begin!, size!);
  return slice(x, begin!, size!);
});

interface StridedSliceAttributes {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

defineKernel<StridedSliceAttributes>('StridedSlice', (call) => {
  const x = call.input('x');
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = call.attributes;
  const info = slice_util.sliceInfo(
    x.shape as number[],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  if (info.isIdentity) return reshape(x, info.finalShape);
  const shape = slice_util.computeOutShape(info.begin, info.end, info.strides);
  if (info.sliceDim0 || info.isSimpleSlice) return reshape(slice(x, info.begin, shape), info.finalShape);
  if (x.splat !== null) return splat(x.splat, info.finalShape, x.dtype, x.isDerived);
  if (shape.includes(0)) return splat(0, info.finalShape, x.dtype);
  const steps = pending('StridedSlice', [x], shape, x.dtype, { begin: info.begin, strides: info.strides });
  return reshape(steps, info.finalShape);
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

defineKernel<{ axis: number }>('Pack', (call) => {
  const [first] = call.all as [Value];
  const rank = first.shape.length + 1;
  const axis = call.attributes.axis < 0 ? call.attributes.axis + rank : call.attributes.axis;
  for (const { shape, dtype } of call.all) {
    util.assertShapesMatch(
      first.shape as number[],
      shape as number[],
      'All tensors passed to stack must have matching shapes',
    );
    util.assert(first.dtype === dtype, () => 'All tensors passed to stack must have matching dtypes');
  }
  const withAxis = (extent: number): number[] => [...first.shape.slice(0, axis), extent, ...first.shape.slice(axis)];
  if (call.all.length === 1) return reshape(first, withAxis(1));
  const parts = call.all.map((value) => reshape(cast(value, first.dtype), withAxis(1)));
  return pending('Concat', parts, withAxis(parts.length), first.dtype, { axis });
});

/** Parts of `x` along `axis`, one after the other. */
function parts(x: Value, axis: number, sizes: readonly number[]): Value[] {
  const begin = x.shape.map(() => 0);
  return sizes.map((extent) => {
    const part = slice(
      x,
      [...begin],
      x.shape.map((full, index) => (index === axis ? extent : full)),
    );
    begin[axis]! += extent;
    return part;
  });
}

defineKernel<{ axis: number }>('Unpack', (call) => {
  const x = call.input('value');
  const axis = call.attributes.axis < 0 ? call.attributes.axis + x.shape.length : call.attributes.axis;
  const shape = x.shape.filter((_, index) => index !== axis);
  return parts(x, axis, new Array<number>(x.shape[axis]!).fill(1)).map((part) => reshape(part, shape));
});

defineKernel<{ axis: number; numOrSizeSplits: number[] | number }>('SplitV', (call) => {
  const x = call.input('x');
  const axis = util.parseAxisParam(call.attributes.axis, x.shape as number[])[0]!;
  const like = { shape: x.shape } as Parameters<typeof backend_util.prepareSplitSize>[0];
  return parts(x, axis, backend_util.prepareSplitSize(like, call.attributes.numOrSizeSplits, axis));
});

defineKernel<{ dims: number | number[] }>('Reverse', (call) => {
  const x = call.input('x');
  const axes = util.parseAxisParam(call.attributes.dims, x.shape as number[]);
  if (x.shape.length === 0 || axes.length === 0 || x.splat !== null) return x;
  return pending('Reverse', [x], x.shape, x.dtype, { axes });
});
