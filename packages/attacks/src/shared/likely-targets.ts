import type { Rows } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The classes that a targeted attack tries on each row, likeliest first by the clean logits and
 * never the label: `count` tensors [rows, 1] (int32), fewer where there are fewer other classes. In
 * a run with targets of its own just those.
 */
export function likelyTargets({ target, clean, y }: Rows<'gradients'>, count: number): readonly Tensor[] {
  if (target) return [tf.reshape(target, [-1, 1])];
  const classes = clean.shape[1]!;
  const isLabel = tf.cast(tf.oneHot(y as tf.Tensor1D, classes), 'bool');
  const others = tf.where(isLabel, tf.fill(clean.shape, -Infinity), clean);
  const tried = Math.min(count, classes - 1);
  const ranked = tf.topk(others, tried).indices;
  return Array.from({ length: tried }, (_, rank) => tf.slice(ranked, [0, rank], [-1, 1]));
}
