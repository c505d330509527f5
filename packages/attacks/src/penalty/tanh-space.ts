import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Values at the bounds would lie at infinity, where no gradient moves them. */
const shrink = 0.999999;

/** The variable `w` with `x = (tanh(w) + 1) / 2` in units of the bounds; `x` [n, ...] is shrunk towards the middle by a millionth. */
export function toTanhSpace(x: Tensor, [low, high]: readonly [number, number]): Tensor {
  const centred = tf.sub(tf.mul(tf.sub(x, low), 2 / (high - low)), 1);
  return tf.atanh(tf.mul(tf.clipByValue(centred, -1, 1), shrink));
}

/** The point of `w`, inside the bounds. */
export function fromTanhSpace(w: Tensor, [low, high]: readonly [number, number]): Tensor {
  const inUnits = tf.mul(tf.add(tf.tanh(w), 1), 0.5);
  return tf.clipByValue(tf.add(tf.mul(inUnits, high - low), low), low, high);
}

/** `d((tanh(w) + 1) / 2) / dw`, without the cancellation of `1 - tanh(w)^2` near the bounds. */
export function tanhSlope(w: Tensor): Tensor {
  const small = tf.exp(tf.mul(tf.abs(w), -2));
  return tf.div(tf.mul(small, 2), tf.square(tf.add(small, 1)));
}
