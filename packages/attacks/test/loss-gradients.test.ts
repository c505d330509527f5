import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import type { LossRows } from '@advrob/core';
import { attackLosses } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';

/** A network [n, 6, 6, 4] -> logits [n, 5]. */
type Net = (x: Tensor4D) => Tensor;

const [rows, classes] = [4, 5];
const rng = createRandom({ seed: 21 });
const weights = (name: string, shape: readonly number[], deviation: number): Tensor =>
  tf.mul(rng.normal(name, shape), deviation);

function conv(x: Tensor4D): Tensor4D {
  return tf.conv2d(x, weights('filters', [3, 3, 4, 6], 0.3) as Tensor4D, 1, 'same');
}

function dense(features: Tensor): Tensor {
  const flat = tf.reshape(features, [rows, -1]);
  return tf.matMul(flat, weights('dense', [flat.shape[1]!, classes], 0.3));
}

function normalised(x: Tensor4D): Tensor4D {
  const [mean, variance] = [weights('mean', [6], 0.2), tf.add(tf.square(weights('variance', [6], 1)), 0.5)];
  const [offset, scale] = [weights('offset', [6], 0.5), weights('scale', [6], 1)];
  return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D);
}

/**
 * Smooth activations, so that differences of float32 values are as exact as the tolerance asks; a
 * maximum has a kink only where two values tie.
 */
const nets: Readonly<Record<string, Net>> = {
  convolution: (x) => dense(tf.softplus(conv(x))),
  'strided convolution': (x) =>
    dense(tf.tanh(tf.conv2d(x, weights('filters', [3, 3, 4, 6], 0.3) as Tensor4D, 2, 'valid'))),
  'depthwise convolution': (x) =>
    dense(tf.softplus(tf.depthwiseConv2d(x, weights('depthwise', [3, 3, 4, 2], 0.5) as Tensor4D, 1, 'same'))),
  'strided depthwise convolution': (x) =>
    dense(tf.tanh(tf.depthwiseConv2d(x, weights('depthwise', [3, 3, 4, 1], 0.5) as Tensor4D, 2, 'same'))),
  'max pooling': (x) => dense(tf.maxPool(conv(x), 2, 2, 'valid')),
  'overlapping max pooling': (x) => dense(tf.maxPool(conv(x), 3, 2, 'same')),
  'average pooling': (x) => dense(tf.avgPool(tf.softplus(conv(x)) as Tensor4D, 2, 2, 'valid')),
  'global average pooling': (x) => dense(tf.mean(tf.softplus(conv(x)), [1, 2])),
  'batch norm': (x) => dense(tf.softplus(normalised(conv(x)))),
  // The logits of a network that ends in a softmax: what was in front of it, up to a constant.
  'softmax cut': (x) => tf.log(tf.softmax(dense(tf.softplus(conv(x))))),
};

const cases = Object.keys(attackLosses).flatMap((name) =>
  (name === 'kl' ? [false] : [false, true]).map((isTargeted) => [name, isTargeted] as const),
);

/**
 * Slopes of the loss along unit directions, by gradient and by central difference, and the length
 * of the gradient, all [rows].
 */
async function slopesOf(net: Net, lossOf: (logits: Tensor) => Tensor, x: Tensor4D, direction: Tensor) {
  const step = 1e-3;
  const values = tf.tidy(() => {
    const lossAt = (at: Tensor): Tensor => lossOf(net(at as Tensor4D));
    const gradient = tf.grad((at) => tf.sum(lossAt(at)))(x);
    const each = (tensor: Tensor): Tensor => tf.sum(tf.reshape(tensor, [rows, -1]), 1);
    const unit = tf.div(direction, tf.reshape(tf.sqrt(each(tf.square(direction))), [rows, 1, 1, 1]));
    const moved = (by: number): Tensor => lossAt(tf.add(x, tf.mul(unit, by)));
    return {
      slope: each(tf.mul(gradient, unit)),
      quotient: tf.div(tf.sub(moved(step), moved(-step)), 2 * step),
      length: tf.sqrt(each(tf.square(gradient))),
      loss: tf.abs(lossAt(x)),
    };
  });
  try {
    const [slope, quotient] = [await values.slope.data(), await values.quotient.data()];
    const [length, loss] = [await values.length.data(), await values.loss.data()];
    // A loss of this size is known to half of its last bit, or a little more after the sums of a
    // network.
    return { slope, quotient, length, noise: loss.map((size) => (3e-7 * (1 + size)) / step) };
  } finally {
    tf.dispose(values);
  }
}

describe.each(['cpu', 'onnxruntime'])('input gradients on %s', (backend) => {
  beforeAll(async () => {
    if (backend === 'onnxruntime') registerOnnxRuntime({ deterministic: true, threads: 1, maxSessions: 512 });
    await tf.setBackend(backend);
  });

  it.each(Object.keys(nets))('are those of central differences for every loss: %s', async (name) => {
    const net = nets[name]!;
    const x = rng.uniform('x', [rows, 6, 6, 4], 0, 1) as Tensor4D;
    // Rightly classified, as examples under attack are at first: with the label third, the gradient
    // of DLR is 0.
    const y = tf.tidy(() => tf.argMax(net(x), 1));
    const target = tf.tidy(() => tf.argMin(net(x), 1));
    const clean = tf.tidy(() => net(tf.add(x, weights('offset to the clean example', [rows, 6, 6, 4], 0.8))));
    const directions = ['first', 'second', 'third'].map((each) => rng.normal(each, [rows, 6, 6, 4]));
    for (const [lossName, isTargeted] of cases) {
      const seen: LossRows = { y, clean, ...(isTargeted && { target }) };
      for (const direction of directions) {
        const lossOf = (logits: Tensor): Tensor => attackLosses[lossName]!.value(logits, seen);
        const { slope, quotient, length, noise } = await slopesOf(net, lossOf, x, direction);
        for (let i = 0; i < rows; i++) {
          const who = `${lossName}${isTargeted ? ', targeted' : ''}, row ${i}: ${slope[i]!} by gradient, ${quotient[i]!} by difference`;
          expect(length[i], who).toBeGreaterThan(1e-3);
          expect(Math.abs(slope[i]! - quotient[i]!), who).toBeLessThan(1e-3 * length[i]! + noise[i]!);
        }
      }
    }
    tf.dispose([x, y, target, clean, directions]);
  });
});
