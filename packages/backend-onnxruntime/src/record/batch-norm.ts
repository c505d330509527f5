import { util } from '@tensorflow/tfjs-core';
import { add, elementwise, multiply, subtract } from '../build/elementwise.js';
import { splat } from '../ir/create.js';
import { defineKernel } from './define.js';

/** (x - mean) * scale / sqrt(variance + epsilon) + offset as one factor and one shift per channel. */
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
