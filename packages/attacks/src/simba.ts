import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { directionOrder, frequencyLevels, pixelLevels } from './simba/direction-order.js';
import { cosineDirections, pixelDirections } from './simba/directions.js';
import { frameOf } from './tensors/frame.js';
import { column, select } from './tensors/rows.js';

const options = z.strictObject({
  queries: z.int().min(1).default(5000).describe('points asked for, one forward pass each'),
  basis: z
    .enum(['pixel', 'dct'])
    .default('pixel')
    .describe('directions: single values, or waves of the discrete cosine transform, low frequencies first'),
  stepSize: z
    .number()
    .positive()
    .default(0.2)
    .describe('Euclidean length of a step, in units of the width of the bounds (epsilon of the paper)'),
  lowest: z
    .number()
    .positive()
    .max(1)
    .default(1 / 8)
    .describe('share of the frequencies of an axis that are tried first; for basis dct'),
});

/**
 * SimBA: takes the directions of an orthonormal basis in random order, steps back along one, or else ahead, and keeps the step if it raises the loss
 * (algorithm 1; the cross-entropy stands for the probability of the label or target, which it is a monotone function of).
 *
 * Every point is brought into the ball; the paper has none, its change is as long as the number of steps makes it. Each example has its own order, and
 * asks for one point per query: the second side of a direction only where the first did not help. When all directions are used, they come again in
 * another order. Inputs of the form [h, w, c] or [h, w] are images, all others a line of values.
 *
 * @example
 * ```ts
 * const { success, queries } = await simba({ basis: 'dct' }).run(model, x, y, { norm: 'l2', epsilon: 3 });
 * ```
 */
export const simba = defineAttack({
  name: 'simba',
  summary:
    'Simple black-box attack: tries single values or low-frequency waves one at a time, from scores alone, and keeps what raises the loss.',
  paper: 'Guo et al. 2019, Simple Black-box Adversarial Attacks, https://arxiv.org/abs/1905.07121',
  knowledge: 'scores',
  norms: ['l2', 'linf'],
  budget: 'fixed',
  options,
  async perturb(scope, { queries, basis, stepSize, lowest }) {
    const [low, high] = scope.threat.bounds;
    const frame = frameOf(scope.x.shape.slice(1));
    const isPixel = basis === 'pixel';
    const levels = isPixel ? pixelLevels(frame) : frequencyLevels(frame, lowest);
    const directions = isPixel ? pixelDirections(frame) : cosineDirections(frame);
    const none = tf.zeros([scope.x.shape[0]!]);
    const start = {
      best: scope.x,
      loss: scope.lossOf(scope.clean),
      order: directionOrder(scope.rng, levels, queries),
      place: none,
      isSecondSide: none,
    };
    const { best } = await scope.iterate(start, queries, ({ best, loss, order, place, isSecondSide }, rows) => {
      const { x, model, threat } = rows;
      const direction = tf.reshape(directions(entryAt(order, place)), x.shape);
      const length = tf.mul(tf.sub(tf.mul(isSecondSide, 2), 1), stepSize * (high - low));
      const adv = threat.project(tf.add(best, tf.mul(direction, column(length, x))), x);
      const logits = model.logits(adv);
      rows.offer(adv, logits);
      const found = rows.lossOf(logits);
      const isBetter = tf.greater(found, loss);
      const isDone = tf.cast(tf.logicalOr(isBetter, tf.greater(isSecondSide, 0)), 'float32');
      return {
        best: select(isBetter, adv, best),
        loss: tf.where(isBetter, found, loss),
        order,
        place: tf.add(place, isDone),
        isSecondSide: tf.sub(1, isDone),
      };
    });
    return best;
  },
});

/** The entry of each row of [n, k] at a place of its own, [n]. */
function entryAt(values: Tensor, places: Tensor): Tensor {
  const [n, k] = values.shape as [number, number];
  const at = tf.add(tf.mul(tf.range(0, n, 1, 'int32'), tf.scalar(k, 'int32')), tf.cast(places, 'int32'));
  return tf.gather(tf.reshape(values, [-1]), at as tf.Tensor1D);
}
