/**
 * Tensors seen row by row: the first axis counts the examples of a batch (or their copies), the
 * other axes are one example. What a row becomes depends on that row alone. Inputs are never
 * disposed; the result is the caller's. Functions that make intermediate tensors free them.
 *
 * @packageDocumentation
 */
import './gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Norm } from './contract/index.js';

/** Number of values `d` in one row of [n, ...]. */
export function rowSize(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce((product, length) => product * length, 1);
}

/** [n, ...] as [n, d]. */
export function flatRows(tensor: Tensor): Tensor2D {
  return tf.reshape(tensor, [tensor.shape[0] ?? 1, rowSize(tensor)]) as Tensor2D;
}

/**
 * 1, 0 or -1: the sign of each value, however small; 0 for NaN. Importing this mends the wasm backend's
 * kernel, which takes everything within 1.2e-7 for 0, and so the gradients of confident examples.
 */
export function signOf(values: Tensor): Tensor {
  // eslint-disable-next-line no-restricted-syntax -- mended by the import above
  return tf.sign(values);
}

/**
 * One value per row, [n] or [n, 1], in a shape that broadcasts over `like` [n, ...]. May be
 * `vector` itself.
 */
export function column(vector: Tensor, like: Tensor): Tensor {
  if (vector.rank === 1 && like.rank === 1) return vector;
  return tf.reshape(vector, [like.shape[0]!, ...new Array<number>(like.rank - 1).fill(1)]);
}

/** Row by row `yes` [n, ...] where `mask` [n] (bool), else `no` [n, ...], of one shape. */
export function select(mask: Tensor, yes: Tensor, no: Tensor): Tensor {
  // The kernel chooses whole rows by a mask of one axis; tf.where would spread it over every value first.
  return tf.engine().runKernel('Select', { condition: mask, t: yes, e: no });
}

/** The rows of [n, ...] at `indices` [m] (int32), in that order: [m, ...]. */
export function gather(tensor: Tensor, indices: Tensor): Tensor {
  if (tensor.dtype !== 'bool') return tf.gather(tensor, indices as tf.Tensor1D);
  // Not every backend gathers booleans.
  return tf.tidy(() => tf.cast(tf.gather(tf.cast(tensor, 'int32'), indices as tf.Tensor1D), 'bool'));
}

/** Each row `times` over, one copy after the other: [n, ...] to [n * times, ...]. */
export function repeatRows(rows: Tensor, times: number): Tensor {
  const [count = 0, ...shape] = rows.shape;
  return tf.tidy(() => {
    const copies = tf.tile(tf.reshape(rows, [count, 1, rowSize(rows)]), [1, times, 1]);
    return tf.reshape(copies, [count * times, ...shape]);
  });
}

/**
 * 1 at the place of each row, else 0: [n, size] float32 from places [n], whole numbers of any type. A
 * constant to gradients.
 */
export function oneHot(places: Tensor, size: number): Tensor2D {
  return tf.tidy(() => {
    // tf.oneHot refuses a size of 1, and whole numbers that are float32.
    const at = places.dtype === 'int32' ? places : tf.cast(places, 'int32');
    const isPlace = size === 1 ? tf.equal(tf.expandDims(at, 1), 0) : tf.oneHot(at as tf.Tensor1D, size);
    return tf.cast(isPlace, 'float32') as Tensor2D;
  });
}

/**
 * The logit of each row's class: [n] from logits [n, K] and classes [n] (int32). The gradient flows
 * to that logit.
 */
export function logitOf(logits: Tensor, classes: Tensor): Tensor {
  return tf.tidy(() => tf.sum(tf.mul(logits, oneHot(classes, logits.shape[1]!)), 1));
}

/**
 * Predicted classes [n] (int32) of logits [n, K]; -1 where a logit is NaN, which is no class: a row
 * without one is right for no label.
 */
export function labelsOf(logits: Tensor): Tensor {
  return tf.tidy(() => {
    const labels = tf.argMax(logits, 1);
    return select(hasNaN(logits), tf.fill(labels.shape, -1, 'int32'), labels);
  });
}

/** Rows [n] (bool) of [n, K] with NaN in them. */
function hasNaN(rows: Tensor): Tensor {
  return tf.any(tf.notEqual(rows, rows), 1);
}

/**
 * Rows [n] (bool) whose outputs (logits [n, K] or labels [n]) reach the aim of an attack: the
 * target class where there is one, else anything but the label (also no class at all, see
 * {@link labelsOf}).
 */
export function isFooled(
  { y, target }: { readonly y: Tensor; readonly target?: Tensor | undefined },
  outputs: Tensor,
): Tensor {
  return tf.tidy(() => {
    if (target) return tf.equal(outputs.rank === 1 ? outputs : labelsOf(outputs), target);
    if (outputs.rank === 1) return tf.notEqual(outputs, y);
    return tf.logicalOr(tf.notEqual(tf.argMax(outputs, 1), y), hasNaN(outputs));
  });
}

/** Length of each row of [n, ...] in the norm, [n]; in `l0` the number of values that are not 0. */
export function lengths(norm: Norm, offsets: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = flatRows(offsets);
    if (norm === 'linf') return tf.max(tf.abs(rows), 1);
    if (norm === 'l2') return tf.sqrt(tf.sum(tf.square(rows), 1));
    if (norm === 'l1') return tf.sum(tf.abs(rows), 1);
    return tf.sum(tf.cast(tf.notEqual(rows, 0), 'float32'), 1);
  });
}

/**
 * Length of gradients in the norm that is dual to that of the offsets, [n]. In L2 over the largest
 * entry: squares of small gradients underflow.
 */
export function dualLengths(norm: Norm, gradients: Tensor): Tensor {
  if (norm !== 'l2') return lengths(norm === 'linf' ? 'l1' : 'linf', gradients);
  return tf.tidy(() => tf.mul(lengths('l2', overLargest(gradients)), lengths('linf', gradients)));
}

/**
 * How far it is to where a linear function becomes 0, [n]: `value / slope` for values and slopes
 * [n] of at least 0, `Infinity` where there is no slope.
 */
export function distanceAlong(slope: Tensor, value: Tensor): Tensor {
  return tf.tidy(() => {
    const hasSlope = tf.greater(slope, 0);
    const distance = tf.div(value, tf.where(hasSlope, slope, tf.onesLike(slope)));
    return tf.where(hasSlope, distance, tf.fill(slope.shape, Infinity));
  });
}

/**
 * `v / |v|` per row of [n, ...] in L1 or L2; zero rows stay zero. Divided by the largest entry
 * first: squares of the gradients of confident examples underflow.
 */
export function unit(norm: 'l1' | 'l2', vectors: Tensor): Tensor {
  return tf.tidy(() => {
    const scaled = flatRows(overLargest(vectors));
    const length = norm === 'l1' ? tf.sum(tf.abs(scaled), 1, true) : tf.sqrt(tf.sum(tf.square(scaled), 1, true));
    // At least 1 for every row but a zero row.
    return tf.reshape(tf.div(scaled, tf.maximum(length, 1)), vectors.shape);
  });
}

/**
 * `v / max |v|` per row of [n, ...], against underflow where only ratios matter; zero rows stay
 * zero.
 */
export function overLargest(vectors: Tensor): Tensor {
  return tf.tidy(() => {
    const largest = lengths('linf', vectors);
    const isZero = tf.equal(largest, 0);
    return tf.div(vectors, column(tf.where(isZero, tf.onesLike(largest), largest), vectors));
  });
}
