import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';
import { reducedTo } from './broadcast.js';

type Saved = [x: Tensor, mean: Tensor, variance: Tensor, scale: Tensor];

/**
 * Batch norm over any axes: the statistics broadcast. A scale is always there, see the mend of the
 * kernel.
 */
export const normalizationGradients: readonly GradConfig[] = [
  {
    kernelName: 'FusedBatchNorm',
    inputsToSave: ['x', 'mean', 'variance', 'scale'],
    gradFunc: ((dy: Tensor, [x, mean, variance, scale]: Saved, { varianceEpsilon }: { varianceEpsilon: number }) => {
      const slope = tf.rsqrt(tf.add(variance, varianceEpsilon));
      const scaled = () => tf.mul(slope, scale);
      const normal = () => tf.mul(tf.sub(x, mean), slope);
      return {
        x: () => tf.mul(dy, scaled()),
        mean: () => tf.neg(tf.mul(reducedTo(dy, mean.shape), scaled())),
        variance: () => tf.mul(reducedTo(tf.mul(dy, normal()), variance.shape), tf.mul(tf.mul(scaled(), slope), -0.5)),
        scale: () => reducedTo(tf.mul(dy, normal()), scale.shape),
        offset: () => reducedTo(dy, mean.shape),
      };
    }) as unknown as GradFunc,
  },
];
