import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { constant } from './initializers.js';
import type { Layer } from './layer.js';
import type { Parameters } from './parameters.js';

/** PyTorch's defaults. */
const momentum = 0.1;
const epsilon = 1e-5;

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015,
 * https://arxiv.org/abs/1502.03167), with PyTorch's conventions: y = (x - mean) / sqrt(variance +
 * 1e-5) * weight + bias. `eval` uses the running statistics; `train` and `probe` the batch's mean
 * and biased variance; `train` also moves the running statistics by 0.1 towards the batch's mean
 * and unbiased variance.
 *
 * @throws AdvrobError `ADVROB_BATCH_TOO_SMALL` in `train` and `probe` mode when there is one value
 *   per channel only.
 */
export function batchNorm(parameters: Parameters, name: string, channels: number): Layer {
  const scale = parameters.weight(`${name}.weight`, [channels], constant(1));
  const offset = parameters.weight(`${name}.bias`, [channels], constant(0));
  const runningMean = parameters.buffer(`${name}.running_mean`, [channels], constant(0));
  const runningVariance = parameters.buffer(`${name}.running_var`, [channels], constant(1));

  function apply(x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor): tf.Tensor {
    return tf.batchNorm(
      x as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as unknown as tf.Tensor1D,
      scale as unknown as tf.Tensor1D,
      epsilon,
    );
  }

  return (x, { mode = 'eval' }) => {
    if (mode === 'eval') return apply(x, runningMean, runningVariance);
    const count = x.size / channels;
    if (count < 2)
      throw new AdvrobError(
        'ADVROB_BATCH_TOO_SMALL',
        `expected more than one value per channel for ${name} in ${mode} mode, got input [${x.shape.join(', ')}]: use a larger batch or mode 'eval'`,
      );
    const { mean, variance } = tf.moments(
      x,
      x.shape.slice(0, -1).map((_, axis) => axis),
    );
    if (mode === 'train') {
      move(runningMean, mean);
      move(runningVariance, tf.mul(variance, count / (count - 1)));
    }
    return apply(x, mean, variance);
  };
}

/** running = (1 - momentum) * running + momentum * value */
function move(running: tf.Variable, value: tf.Tensor): void {
  running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));
}
