import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { column, flatRows } from '../tensors/rows.js';

/**
 * A direction of unit L1 norm per row: the signs of the gradient at its largest entries. Row `i` of [rows, ...] uses the share `share[i]` of its `d`
 * coordinates, but at least one: those with `|g|` at least as large as the entry at place `trunc((1 - share) d)` of the ascending order, so that
 * ties are included, as in AutoAttack.
 */
export function topShareAscent(gradient: Tensor, share: Tensor): Tensor {
  const rows = flatRows(gradient);
  const size = rows.shape[1];
  const sizes = tf.abs(rows);
  const descending = tf.topk(sizes, size).values;
  const ascendingPlace = tf.cast(tf.clipByValue(tf.mul(tf.sub(1, share), size), 0, size - 1), 'int32');
  const place = tf.sub(tf.scalar(size - 1, 'int32'), ascendingPlace);
  const isPlace = tf.cast(tf.oneHot(place as Tensor1D, size), 'float32');
  const smallest = tf.sum(tf.mul(descending, isPlace), 1, true);
  const signs = tf.mul(tf.sign(rows), tf.cast(tf.greaterEqual(sizes, smallest), 'float32'));
  const count = tf.add(tf.sum(tf.abs(signs), 1), 1e-10);
  return tf.reshape(tf.div(signs, column(count, signs)), gradient.shape);
}
