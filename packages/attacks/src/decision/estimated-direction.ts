import type { Scope } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { column, rowSize } from '../tensors/rows.js';
import { unit } from '../tensors/unit.js';
import type { Start } from './start.js';

/** Values that one step of the estimate holds per row, so that images of any size fit into memory. */
const valuesPerStep = 65536;

/**
 * The direction of the gradient at a boundary point, from labels of `count` points around it (Chen et al. 2020, https://arxiv.org/abs/1904.02144,
 * equations 12 and 16): the mean of random unit vectors, each with the sign of its outcome less the mean outcome.
 *
 * @param radius - Distance [rows] of the points.
 * @returns [rows, ...], of unit L2 norm, or its sign in Linf.
 */
export async function estimatedDirection(
  scope: Scope<'labels'>,
  { adv, isFound }: Start,
  radius: Tensor,
  count: number,
): Promise<Tensor> {
  const perStep = Math.max(1, Math.min(count, Math.floor(valuesPerStep / rowSize(adv))));
  const steps = Math.ceil(count / perStep);
  const zero = tf.zerosLike(adv);
  const none = tf.zerosLike(radius);
  const begin = { adv, radius, isOpen: tf.cast(isFound, 'float32'), weighted: zero, total: zero, outcomes: none };
  const { weighted, total, outcomes } = await scope.iterate(begin, steps, (state, rows) => {
    const { model, rng, threat, step, y, target } = rows;
    const shape = state.adv.shape.slice(1);
    rows.finish(tf.equal(state.isOpen, 0));
    const drawn = step === steps - 1 ? count - perStep * (steps - 1) : perStep;
    const draws =
      threat.norm === 'linf'
        ? rng.uniform('direction', [drawn, ...shape], -1, 1)
        : rng.normal('direction', [drawn, ...shape]);
    const directions = tf.reshape(unit('l2', tf.reshape(draws, [-1, ...shape])), draws.shape);
    const centre = tf.expandDims(state.adv, 1);
    const reach = column(state.radius, draws);
    const points = tf.clipByValue(tf.add(centre, tf.mul(directions, reach)), ...threat.bounds);
    const labels = tf.reshape(model.labels(tf.reshape(points, [-1, ...shape])), [-1, drawn]);
    const aim = tf.expandDims(target ?? y, 1);
    const hits = tf.cast(target ? tf.equal(labels, aim) : tf.notEqual(labels, aim), 'float32');
    const signs = tf.sub(tf.mul(hits, 2), 1);
    // What the bounds left of each vector.
    const vectors = tf.div(tf.sub(points, centre), reach);
    return {
      ...state,
      weighted: tf.add(state.weighted, tf.sum(tf.mul(vectors, column2(signs, vectors)), 1)),
      total: tf.add(state.total, tf.sum(vectors, 1)),
      outcomes: tf.add(state.outcomes, tf.sum(signs, 1)),
    };
  });
  const mean = tf.div(outcomes, count);
  // Where all outcomes agree, subtracting their mean would leave nothing.
  const isMixed = tf.less(tf.abs(mean), 1);
  const baseline = tf.where(isMixed, mean, tf.zerosLike(mean));
  const direction = tf.sub(weighted, tf.mul(total, column(baseline, total)));
  return scope.threat.norm === 'linf' ? tf.sign(direction) : unit('l2', direction);
}

/** One value per row and draw, [n, k], in a shape that broadcasts over `like` [n, k, ...]. */
function column2(values: Tensor, like: Tensor): Tensor {
  return tf.reshape(values, [...values.shape, ...new Array<number>(like.rank - 2).fill(1)]);
}
