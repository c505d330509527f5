import type { Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { estimatedDirection } from './decision/estimated-direction.js';
import { findStart, startTriesOption, type Start } from './decision/start.js';
import { toBoundary } from './decision/to-boundary.js';
import { isFooled } from './tensors/fooled.js';
import { lengths } from './tensors/lengths.js';
import { column, rowSize, select } from './tensors/rows.js';

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
 * HopSkipJump: knows labels only. From a point that fools, bisect to the boundary, estimate the direction of the gradient there from labels of random
 * neighbours, step along it, bisect again (algorithm 2).
 *
 * Each example is normalised, stepped and bisected on its own and its step is halved at most 25 times; examples for which no start is found fail.
 * `queries` counts every label asked for.
 *
 * @example
 * ```ts
 * const { closest, queries } = await hopskipjump({ steps: 20 }).run(model, x, y, { norm: 'l2', epsilon: Infinity });
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
      adv = await toBoundary(scope, { adv: stepped, isFound: start.isFound }, halvings);
    }
    return adv;
  },
});

/** The longest step of lengths `size` [rows], half, a quarter ... that still fools; none where all fail. */
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
