import { weightSource } from './noise.mjs';

const batchNormEpsilon = 1e-5;
const averageDecay = 0.9;

/** Batch normalisation with running averages: batch statistics (which also move the averages) when training, the averages otherwise. */
function batchNorm(tf, channels) {
  const scale = tf.variable(tf.ones([channels]));
  const offset = tf.variable(tf.zeros([channels]));
  const mean = tf.variable(tf.zeros([channels]), false);
  const variance = tf.variable(tf.ones([channels]), false);
  const moveTowards = (average, value) =>
    average.assign(tf.add(tf.mul(average, averageDecay), tf.mul(value, 1 - averageDecay)));
  return {
    trainable: [scale, offset],
    apply(x, { training }) {
      if (!training) return tf.batchNorm(x, mean, variance, offset, scale, batchNormEpsilon);
      const batch = tf.moments(x, [0, 1, 2]);
      moveTowards(mean, batch.mean);
      moveTowards(variance, batch.variance);
      return tf.batchNorm(x, batch.mean, batch.variance, offset, scale, batchNormEpsilon);
    },
  };
}

/** ResNet-18 for 32 x 32 x 3 in plain tfjs: 3x3 stem of 64, stages 64, 128, 256, 512 of two basic blocks each, mean pooling, dense 10. */
export function resnet18(tf) {
  const weight = weightSource(tf);
  const trainable = [];
  const convNorm = (size, from, to, stride) => {
    const filter = weight([size, size, from, to]);
    const norm = batchNorm(tf, to);
    trainable.push(filter, ...norm.trainable);
    return (x, mode) => norm.apply(tf.conv2d(x, filter, stride, size === 3 ? 1 : 'valid'), mode);
  };
  const block = (from, to, stride) => {
    const first = convNorm(3, from, to, stride);
    const second = convNorm(3, to, to, 1);
    const shortcut = stride === 1 && from === to ? (x) => x : convNorm(1, from, to, stride);
    return (x, mode) => tf.relu(tf.add(second(tf.relu(first(x, mode)), mode), shortcut(x, mode)));
  };

  const stem = convNorm(3, 3, 64, 1);
  const blocks = [
    [64, 64, 1],
    [64, 128, 2],
    [128, 256, 2],
    [256, 512, 2],
  ].flatMap(([from, to, stride]) => [block(from, to, stride), block(to, to, 1)]);
  const kernel = weight([512, 10]);
  const bias = tf.variable(tf.zeros([10]));
  trainable.push(kernel, bias);

  return {
    inputShape: [32, 32, 3],
    trainable,
    /** Logits [n, 10] of images [n, 32, 32, 3]. */
    logits(x, mode) {
      const features = blocks.reduce((h, apply) => apply(h, mode), tf.relu(stem(x, mode)));
      return tf.add(tf.matMul(tf.mean(features, [1, 2]), kernel), bias);
    },
  };
}
