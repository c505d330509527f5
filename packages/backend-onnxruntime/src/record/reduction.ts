import { backend_util, util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import { sizeOf } from '../ir/shape.js';
import type { NumericType, Value } from '../ir/value.js';
import { cast, factorOut, multiply } from '../values/elementwise.js';
import { reshape } from '../values/shape.js';
import { defineKernel } from './define.js';

/** What tfjs gives for nothing; the extremes of nothing are left to the cpu backend. */
const ofNothing: Readonly<Record<string, number>> = { Sum: 0, Mean: 0, Prod: 1 };

/** `op` over `axes`; the reduced axes stay as ones when asked for. */
export function reduce(op: string, x: Value, axes: number[], keepDims: boolean, dtype: NumericType): Value {
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape as number[], axes);
  const constant = x.size === 0 ? ofNothing[op] : undefined;
  const result =
    constant !== undefined
      ? splat(constant, outShape, dtype)
      : axes.length === 0
        ? cast(x, dtype)
        : pending(op, [x], outShape, dtype, { axes });
  return keepDims ? reshape(result, backend_util.expandShapeToKeepDim(outShape, axes)) : result;
}

interface ReductionAttributes {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims?: boolean;
}

function axesOf(x: Value, { axis, reductionIndices }: ReductionAttributes): number[] {
  // tfjs leaves the axis out for "all".
  return util.parseAxisParam((axis ?? reductionIndices) as number | number[], x.shape as number[]);
}

defineKernel<ReductionAttributes>('Sum', (call) => {
  const x = call.input('x');
  const source = x.dtype === 'bool' ? cast(x, 'int32') : x;
  const axes = axesOf(x, call.attributes);
  if (source.splat !== null && source.dtype === 'float32') {
    const [outShape, reduced] = backend_util.computeOutAndReduceShapes(x.shape as number[], axes);
    const shape = call.attributes.keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
    return splat(Math.fround(source.splat * sizeOf(reduced)), shape, 'float32');
  }
  const keepDims = call.attributes.keepDims === true;
  return sumOfScaled(source, axes, keepDims) ?? reduce('Sum', source, axes, keepDims, source.dtype);
});

/**
 * The sum over pixels of an image times a vector over its channels is the vector times the sum: no
 * pass for the product.
 */
function sumOfScaled(x: Value, axes: readonly number[], keepDims: boolean): Value | null {
  if (axes.length !== 3 || axes.includes(3)) return null;
  const factors = factorOut(x);
  if (!factors) return null;
  const sum = reduce('Sum', factors.image, [...axes], keepDims, 'float32');
  const { vector } = factors;
  return multiply(sum, vector.size === 1 ? reshape(vector, []) : reshape(vector, sum.shape));
}

defineKernel<ReductionAttributes>('Mean', (call) => {
  const x = cast(call.input('x'), 'float32');
  return reduce('Mean', x, axesOf(x, call.attributes), call.attributes.keepDims === true, 'float32');
});

for (const name of ['Max', 'Min'])
  defineKernel<ReductionAttributes>(name, (call) => {
    const x = call.input('x');
    return reduce(name, x, axesOf(x, call.attributes), call.attributes.keepDims === true, x.dtype);
  });

for (const name of ['ArgMax', 'ArgMin'])
  defineKernel<{ axis: number }>(name, (call) => {
    const x = call.input('x');
    const axis = util.parseAxisParam(call.attributes.axis, x.shape as number[])[0]!;
    const shape = x.shape.filter((_, index) => index !== axis);
    return pending(name, [x], shape, 'int32', { axis });
  });

defineKernel<ReductionAttributes>('Prod', (call) => {
  const x = call.input('x');
  const source = x.dtype === 'bool' ? cast(x, 'int32') : x;
  return reduce('Prod', source, axesOf(x, call.attributes), call.attributes.keepDims === true, source.dtype);
});

for (const [name, op] of [
  ['All', 'Min'],
  ['Any', 'Max'],
] as const)
  defineKernel<ReductionAttributes>(name, (call) => {
    const x = cast(call.input('x'), 'bool');
    return reduce(op, x, axesOf(x, call.attributes), call.attributes.keepDims === true, 'bool');
  });
