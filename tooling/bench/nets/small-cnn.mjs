import { weightSource } from './noise.mjs';

/**
 * The SmallCNN of TRADES on 28 x 28 x 1 in plain tfjs: two 3x3 convolutions of 32, max pooling, two of 64, max pooling (no padding),
 * dense layers of 200, 200 and 10, dropout 0.5 after the first.
 */
export function smallCnn(tf) {
  const weight = weightSource(tf);
  const bias = (size) => tf.variable(tf.zeros([size]));
  const convs = [
    [1, 32],
    [32, 32],
    [32, 64],
    [64, 64],
  ].map(([from, to]) => ({ filter: weight([3, 3, from, to]), bias: bias(to) }));
  const denses = [
    [1024, 200],
    [200, 200],
    [200, 10],
  ].map(([from, to]) => ({ kernel: weight([from, to]), bias: bias(to) }));

  const conv = (x, layer) => tf.relu(tf.add(tf.conv2d(x, layer.filter, 1, 'valid'), layer.bias));
  const pool = (x) => tf.maxPool(x, 2, 2, 'valid');
  const dense = (x, layer) => tf.add(tf.matMul(x, layer.kernel), layer.bias);

  return {
    inputShape: [28, 28, 1],
    trainable: [...convs.flatMap(Object.values), ...denses.flatMap(Object.values)],
    /** Logits [n, 10] of images [n, 28, 28, 1]. */
    logits(x, { training }) {
      const first = pool(conv(conv(x, convs[0]), convs[1]));
      const second = pool(conv(conv(first, convs[2]), convs[3]));
      const hidden = tf.relu(dense(tf.reshape(second, [x.shape[0], 1024]), denses[0]));
      const kept = training ? tf.dropout(hidden, 0.5) : hidden;
      return dense(tf.relu(dense(kept, denses[1])), denses[2]);
    },
  };
}
