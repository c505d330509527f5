import type { Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { column, isFooled, lengths, rowSize, select, signOf, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { findStart, startTriesOption, toBoundary, type Start } from './shared/boundary-search.js';

const options = z.strictObject({
  steps: z.int().min(1).default(64).describe('rounds of estimate, step and bisection'),
  directions: z
    .int()
    .min(2)
    .default(100)
    .describe('queries of the first estimate; later ones use sqrt(round) times as many'),
  mostDirections: z.int().min(2).default(10000).describe('most queries of an estimate'),
  gamma: z
    .number()
    .positive()
    .default(1)
    .describe('precision of the bisection: gamma / d^1.5 of the distance in L2, gamma / d^2 in Linf'),
  startTries: startTriesOption,
});

/** Halvings of a step that leads nowhere: then the point stays. */
const stepHalvings = 25;
/** float32 cannot tell finer shares apart. */
const mostHalvings = 24;

/**
 * HopSkipJump: knows labels only. From a point that fools, bisect to the boundary, estimate the
 * direction of the gradient there from labels of random neighbours, step along it, bisect again
 * (algorithm 2).
 *
 * Each example is normalised, stepped and bisected on its own and its step is halved at most 25
 * times; examples for which no start is found fail. `queries` counts every label asked for.
 *
 * @example
 * ```ts
 * const attack = hopskipjump({ steps: 20 });
 * const { closest, queries } = await attack.run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const hopskipjump = defineAttack({
  name: 'hopskipjump',
  summary: 'HopSkipJump: walks along the decision boundary with gradient directions estimated from labels.',
  paper:
    'Chen et al. 2020, HopSkipJumpAttack: A Query-Efficient Decision-Based Attack, https://arxiv.org/abs/1904.02144',
  knowledge: 'labels',
  norms: ['l2', 'linf'],
  budget: 'minimal',
  loss: null,
  options,
  async perturb(scope, { steps, directions, mostDirections, gamma, startTries }) {
    const { norm, bounds } = scope.threat;
    const size = rowSize(scope.x);
    const precision = gamma / (norm === 'linf' ? size ** 2 : size ** 1.5);
    const halvings = Math.min(mostHalvings, Math.max(1, Math.ceil(-Math.log2(precision))));
    const start = await findStart(scope, startTries);
    let adv = await toBoundary(scope, start, halvings);
    for (let round = 0; round < steps; round++) {
      const from = adv;
      adv = await scope.tidy(() => next(from, round));
      from.dispose();
    }
    return adv;

    async function next(adv: Tensor, round: number): Promise<Tensor> {
      const distance = lengths(norm, tf.sub(adv, scope.x));
      const radius =
        round === 0
          ? tf.fill(distance.shape, 0.1 * (bounds[1] - bounds[0]))
          : // d^(1/2) in L2, d in Linf, times the precision: d^-1 of the distance, if gamma is 1.
            tf.maximum(tf.mul(distance, gamma / size), 1e-7 * (bounds[1] - bounds[0]));
      const count = Math.min(mostDirections, Math.floor(directions * Math.sqrt(round + 1)));
      const at = { adv, isFound: start.isFound };
      const direction = await estimatedDirection(scope, at, radius, count);
      const stepped = await step(scope, at, direction, tf.div(distance, Math.sqrt(round + 1)));
      return toBoundary(scope, { adv: stepped, isFound: start.isFound }, halvings);
    }
  },
});

/**
 * The longest step of lengths `size` [rows], half, a quarter ... that still fools; none where all
 * fail.
 */
async function step(scope: Scope<'labels'>, { adv, isFound }: Start, direction: Tensor, size: Tensor): Promise<Tensor> {
  const begin = { adv, from: adv, direction, size, isOpen: tf.cast(isFound, 'float32') };
  const end = await scope.iterate(begin, stepHalvings, (state, rows) => {
    const moved = tf.add(state.from, tf.mul(state.direction, column(state.size, state.from)));
    const candidate = tf.clipByValue(moved, ...rows.threat.bounds);
    const labels = rows.model.labels(candidate);
    rows.offer(candidate, labels);
    const isOpen = tf.greater(state.isOpen, 0);
    const fooled = tf.logicalAnd(isFooled(rows, labels), isOpen);
    rows.finish(tf.logicalOr(fooled, tf.logicalNot(isOpen)));
    return { ...state, adv: select(fooled, candidate, state.adv), size: tf.div(state.size, 2) };
  });
  return end.adv;
}

/**
 * Values that one step of the estimate holds per row, so that images of any size fit into memory.
 */
const valuesPerStep = 65536;

/**
 * The direction of the gradient at a boundary point, from labels of `count` points around it (Chen
 * et al. 2020, https://arxiv.org/abs/1904.02144, equations 12 and 16): the mean of random unit
 * vectors, each with the sign of its outcome less the mean outcome.
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
  return scope.threat.norm === 'linf' ? signOf(direction) : unit('l2', direction);
}

/** One value per row and draw, [n, k], in a shape that broadcasts over `like` [n, k, ...]. */
function column2(values: Tensor, like: Tensor): Tensor {
  return tf.reshape(values, [...values.shape, ...new Array<number>(like.rank - 2).fill(1)]);
}
