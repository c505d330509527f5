import * as tf from '@tensorflow/tfjs-core';

/** A small residual net with every kind of layer that has more than one way to be computed. */
export interface Net {
  readonly weights: Map<string, tf.Variable>;
  logits(x: tf.Tensor4D, notice: (value: tf.Tensor) => void): tf.Tensor2D;
}

export function makeNet(hasBatchNorm: boolean): Net {
  const weights = new Map<string, tf.Variable>();
  const weight = (name: string, shape: number[], scale: number): tf.Variable => {
    const variable = tf.variable(tf.randomNormal(shape, 0, scale, 'float32', weights.size + 1));
    weights.set(name, variable);
    return variable;
  };
  const filters = [
    weight('conv1', [3, 3, 1, 16], 0.3),
    weight('conv2', [3, 3, 16, 16], 0.1),
    weight('conv3', [3, 3, 16, 32], 0.1),
    weight('conv4', [3, 3, 32, 24], 0.1),
  ];
  const biases = [16, 16, 32, 24].map((size, index) => weight(`bias${index}`, [size], 0.1));
  const scale = weight('scale', [16], 0.5);
  const offset = weight('offset', [16], 0.5);
  const dense = weight('dense', [3 * 3 * 24, 10], 0.05);
  const denseBias = weight('denseBias', [10], 0.1);
  const normalized = (x: tf.Tensor4D): tf.Tensor4D => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm4d(
      x,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      1e-5,
    );
  };
  return {
    weights,
    logits(x, notice) {
      const layer = (input: tf.Tensor4D, index: number): tf.Tensor4D =>
        tf.add(tf.conv2d(input, filters[index] as tf.Tensor4D, 1, 'same'), biases[index]!);
      const first = tf.relu(layer(x, 0));
      notice(first);
      const second = layer(first, 1);
      const normal = hasBatchNorm ? normalized(second) : tf.add(second, tf.add(scale, offset));
      const third = tf.maxPool(tf.relu(layer(tf.add(tf.sigmoid(normal), first), 2)), 2, 2, 'valid');
      const fourth = tf.avgPool(tf.tanh(layer(third, 3)), 2, 2, 'valid');
      notice(normal);
      notice(fourth);
      const flat = tf.reshape(fourth, [x.shape[0], -1]) as tf.Tensor2D;
      return tf.add(tf.matMul(flat, dense as tf.Tensor2D), denseBias);
    },
  };
}
