import type { Rows } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The sum over directions `u` of `(f(x + r u) - f(x - r u)) / (2 r) * u`, where `f` is the loss: after division by their number an estimate of its
 * gradient [rows, ...] at `adv`, exact in the mean for a linear loss. Two queries per direction.
 *
 * Points are asked for inside the bounds only, where the model is defined; peers leave them. A value that a bound stops moves less than `2 r u`
 * between the two points, down to half of it at the bound, so its part is scaled up by as much.
 *
 * @param directions - [rows, k, ...], mean 0 and variance 1 in each value, values independent and symmetric.
 * @param radius - `r`, in units of the inputs.
 */
export function sumOfDifferences(
  { model, lossOf, threat }: Pick<Rows<'scores'>, 'model' | 'lossOf' | 'threat'>,
  adv: Tensor,
  directions: Tensor,
  radius: number,
): Tensor {
  const [low, high] = threat.bounds;
  const [count, ...shape] = directions.shape.slice(1) as [number, ...number[]];
  const centre = tf.expandDims(adv, 1);
  const offsets = tf.mul(directions, radius);
  const pairs = tf.concat([tf.add(centre, offsets), tf.sub(centre, offsets)], 1);
  const points = tf.reshape(tf.clipByValue(pairs, low, high), [-1, ...shape]);
  const losses = tf.reshape(lossOf(model.logits(points)), [-1, 2, count]);
  const [ahead, behind] = tf.unstack(losses, 1) as [Tensor, Tensor];
  const slopes = tf.div(tf.sub(ahead, behind), 2 * radius);

  const length = tf.abs(offsets);
  const kept = tf.add(tf.minimum(length, tf.sub(centre, low)), tf.minimum(length, tf.sub(high, centre)));
  const scale = tf.div(tf.mul(length, 2), tf.maximum(kept, 1e-30));
  const perDirection = tf.reshape(slopes, [...slopes.shape, ...shape.map(() => 1)]);
  return tf.sum(tf.mul(tf.mul(directions, scale), perDirection), 1);
}
