import { util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import type { Value } from '../ir/value.js';
import { add, elementwise, multiply, subtract } from '../values/elementwise.js';
import { defineKernel } from './define.js';

/**
 * (x - mean) * scale / sqrt(variance + epsilon) + offset as one factor and one shift per channel.
 */
defineKernel<{ varianceEpsilon?: number }>('FusedBatchNorm', (call) => {
  const x = call.input('x');
  const [mean, variance] = [call.input('mean'), call.input('variance')];
  const [offset, scale] = [call.optional('offset'), call.optional('scale')];
  util.assert(
    mean.shape.length === variance.shape.length,
    () => 'Batch normalization gradient requires mean and variance to have equal ranks.',
  );
  util.assert(
    offset === null || mean.shape.length === offset.shape.length,
    () => 'Batch normalization gradient requires mean and offset to have equal ranks.',
  );
  util.assert(
    scale === null || mean.shape.length === scale.shape.length,
    () => 'Batch normalization gradient requires mean and scale to have equal ranks.',
  );
  const epsilon = splat(Math.fround(call.attributes.varianceEpsilon ?? 0.001), [], 'float32');
  const deviation = elementwise('Rsqrt', [add(variance, epsilon)], 'float32');
  const factor = scale ? multiply(deviation, scale) : deviation;
  if (mean.size === x.size) {
    const centered = multiply(subtract(x, mean), factor);
    return offset ? add(centered, offset) : centered;
  }
  const shifted = multiply(mean, factor);
  const shift = offset ? subtract(offset, shifted) : elementwise('Neg', [shifted], 'float32');
  return add(multiply(x, factor), shift);
});

interface LocalResponseAttributes {
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

const number = (value: number): Value => splat(Math.fround(value), [], 'float32');

/** Sums over the channels at most `radius` away. */
function channelSums(x: Value, radius: number): Value {
  return pending('ChannelSums', [x], x.shape, 'float32', { radius: Math.min(radius, x.shape[3]! - 1) });
}

/** bias + alpha * (sum of squares of the neighbouring channels). */
function norm(x: Value, { depthRadius, bias, alpha }: LocalResponseAttributes): Value {
  const sums = channelSums(elementwise('Square', [x], 'float32'), depthRadius);
  return add(multiply(sums, number(alpha)), number(bias));
}

function power(base: Value, exponent: number): Value {
  return elementwise('Pow', [base, number(exponent)], 'float32');
}

defineKernel<LocalResponseAttributes>('LRN', (call) => {
  const x = call.input('x');
  if (x.dtype !== 'float32') return null;
  return multiply(x, power(norm(x, call.attributes), -call.attributes.beta));
});

/** dy * norm^-beta - 2 alpha beta x * (sum over the neighbours of dy * y / norm). */
defineKernel<LocalResponseAttributes>('LRNGrad', (call) => {
  const [x, y, dy] = [call.input('x'), call.input('y'), call.input('dy')];
  if ([x, y, dy].some((value) => value.dtype !== 'float32')) return null;
  const { alpha, beta, depthRadius } = call.attributes;
  const divisor = norm(x, call.attributes);
  const shares = channelSums(elementwise('Div', [multiply(dy, y), divisor], 'float32'), depthRadius);
  const indirect = multiply(multiply(x, number(-2 * alpha * beta)), shares);
  return add(multiply(dy, power(divisor, -beta)), indirect);
});
