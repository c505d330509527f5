import type { RowRandom } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { column, oneHot, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { frameOf, type Frame } from './shared/images.js';

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
 * SimBA: takes the directions of an orthonormal basis in random order, steps back along one, or
 * else ahead, and keeps the step if it raises the loss (algorithm 1, where the loss is the
 * probability). Inputs [h, w, c] or [h, w] are images, all others a line of values.
 *
 * Every point is brought into the ball; the paper has none. Each example has its own order, and
 * asks for the second side of a direction only where the first did not help. Used up, the
 * directions come again in another order.
 *
 * @example
 * ```ts
 * const attack = simba({ basis: 'dct' });
 * const { success, queries } = await attack.run(model, x, y, { norm: 'l2', epsilon: 3 });
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

/**
 * By how much of an axis the frequencies that are taken next grow, once the lower ones are used up.
 */
const growth = 1 / 32;

/**
 * In which order each row tries directions, as their indices [rows, count] (float32): random, but
 * all of one level before any of the next; then all of them again in another order.
 *
 * @param levels - Of each direction, whole numbers.
 */
export function directionOrder(rng: RowRandom, levels: readonly number[], count: number): Tensor {
  const size = levels.length;
  const turns = Array.from({ length: Math.ceil(count / size) }, (_, turn) => {
    const keys = tf.add(rng.uniform(`order ${turn}`, [size], 0, 1), tf.tensor1d([...levels]));
    return tf.topk(tf.neg(keys), size).indices;
  });
  return tf.cast(tf.slice(tf.concat(turns, 1), [0, 0], [-1, count]), 'float32');
}

/** Level 0 for every value. */
export function pixelLevels({ height, width, channels }: Frame): number[] {
  return new Array<number>(height * width * channels).fill(0);
}

/**
 * Level 0 for the frequencies below the share `lowest` of both axes, one more for every further
 * 32nd, as in section 3.2 of the paper. Index `(u * width + v) * channels + c` is the wave of
 * vertical frequency `u` and horizontal frequency `v` in channel `c`.
 */
export function frequencyLevels({ height, width, channels }: Frame, lowest: number): number[] {
  return Array.from({ length: height * width * channels }, (_, index) => {
    const pixel = Math.floor(index / channels);
    const frequency = Math.max(Math.floor(pixel / width) / height, (pixel % width) / width);
    return frequency < lowest ? 0 : 1 + Math.floor((frequency - lowest) / growth);
  });
}

/**
 * An orthonormal basis of images: the direction of each row for indices [n] (float32), as [n, h, w,
 * c].
 */
type Directions = (indices: Tensor) => Tensor;

/** One value each. */
export function pixelDirections({ height, width, channels }: Frame): Directions {
  return (indices) =>
    tf.reshape(oneHot(indices, height * width * channels), [indices.shape[0]!, height, width, channels]);
}

/**
 * The images of the discrete cosine transform (its orthonormal second form) of one channel each.
 * Index `(u * width + v) * channels + c` has vertical frequency `u` and horizontal frequency `v`.
 */
export function cosineDirections({ height, width, channels }: Frame): Directions {
  const [down, across] = [cosines(height), cosines(width)];
  return (indices) => {
    const n = indices.shape[0]!;
    const pixel = tf.floorDiv(indices, tf.scalar(channels));
    const vertical = tf.matMul(oneHot(tf.floorDiv(pixel, tf.scalar(width)), height), tf.tensor2d(down));
    const horizontal = tf.matMul(oneHot(tf.mod(pixel, tf.scalar(width)), width), tf.tensor2d(across));
    const channel = oneHot(tf.mod(indices, tf.scalar(channels)), channels);
    const wave = tf.mul(tf.reshape(vertical, [n, height, 1, 1]), tf.reshape(horizontal, [n, 1, width, 1]));
    return tf.mul(wave, tf.reshape(channel, [n, 1, 1, channels]));
  };
}

/** Row `k`: the cosine of frequency `k` at `length` points, of length 1. */
function cosines(length: number): number[][] {
  return Array.from({ length }, (_, k) =>
    Array.from(
      { length },
      (_, i) => Math.sqrt((k === 0 ? 1 : 2) / length) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * length)),
    ),
  );
}
