import type { Scope } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isFooled } from '../tensors/fooled.js';
import { lengths } from '../tensors/lengths.js';
import { column, select } from '../tensors/rows.js';
import type { Start } from './start.js';

/**
 * Bisects between the example and a point that fools: along the segment in L2, by the radius of a ball that the point is clipped to in Linf. One
 * query per halving. Rows without a point stay as they are.
 *
 * @returns The nearest point that fooled, [rows, ...].
 */
export async function toBoundary(scope: Scope<'labels'>, { adv, isFound }: Start, halvings: number): Promise<Tensor> {
  const low = tf.zeros([scope.x.shape[0]!]);
  const begin = { far: adv, near: adv, low, high: tf.onesLike(low), isOpen: tf.cast(isFound, 'float32') };
  const { near } = await scope.iterate(begin, halvings, (state, rows) => {
    const { x, model } = rows;
    rows.finish(tf.equal(state.isOpen, 0));
    const middle = tf.mul(tf.add(state.low, state.high), 0.5);
    const candidate = rows.threat.norm === 'linf' ? clippedTo(x, state.far, middle) : between(x, state.far, middle);
    const labels = model.labels(candidate);
    rows.offer(candidate, labels);
    const fooled = tf.logicalAnd(isFooled(rows, labels), tf.greater(state.isOpen, 0));
    return {
      ...state,
      near: select(fooled, candidate, state.near),
      low: tf.where(fooled, state.low, middle),
      high: tf.where(fooled, middle, state.high),
    };
  });
  return near;
}

function between(x: Tensor, far: Tensor, share: Tensor): Tensor {
  return tf.add(x, tf.mul(tf.sub(far, x), column(share, x)));
}

function clippedTo(x: Tensor, far: Tensor, share: Tensor): Tensor {
  const offset = tf.sub(far, x);
  const radius = column(tf.mul(lengths('linf', offset), share), x);
  return tf.add(x, tf.minimum(tf.maximum(offset, tf.neg(radius)), radius));
}
