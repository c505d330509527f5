import { defineAttack } from '@advrob/core/attack';
import { column, flatRows, isFooled, lengths, select, signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import {
  firstWeights,
  isReview,
  isStalled,
  nextWeights,
  searchOptions,
  weightsOfSearch,
  type Weights,
} from './shared/constant-search.js';
import { handicapped, missingLead } from './shared/margin.js';

const options = z.strictObject({
  ...searchOptions,
  learningRate: z.number().positive().default(0.01).describe('first step size, in units of the bounds'),
  beta: z.number().min(0).default(0.01).describe('weight of the L1 distance; each step moves every value back by it'),
  rule: z
    .enum(['distance', 'en'])
    .default('distance')
    .describe(
      'which success to keep: the nearest in the norm of the threat (in L1 the L1 rule), or that with the smallest elastic-net distance',
    ),
  eot: eotOption,
});

/**
 * EAD: minimises `c * max(confidence - margin, 0) + |d|_2^2 + beta |d|_1` by FISTA, a gradient step
 * on the smooth part, a soft threshold by `beta` and momentum `k / (k + 3)` (algorithm 1), for
 * several weights `c` per example. Its points change few values. Differs from peers as `cw` does.
 *
 * The threshold is `beta` itself and not the step size times `beta`, as in the authors' code and
 * every peer. Iterates start anew for each weight.
 *
 * @example
 * ```ts
 * const { closest } = await ead().run(model, x, y, { norm: 'l1', epsilon: Infinity });
 * ```
 */
export const ead = defineAttack({
  name: 'ead',
  summary: 'Elastic-net attack: small L1 distance by a proximal gradient method, searching the weight of the margin.',
  paper: 'Chen et al. 2018, EAD: Elastic-Net Attacks to Deep Neural Networks, https://arxiv.org/abs/1709.04114',
  knowledge: 'gradients',
  norms: ['l1', 'l2'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { searches, steps, initialWeight, confidence, endsEarly, learningRate, beta, rule, eot }) {
    const [low, high] = scope.threat.bounds;
    const width = high - low;
    const none = tf.zeros([scope.x.shape[0]!]);
    const infinite = tf.add(none, Infinity);
    let found: Found = {
      ...firstWeights(scope.x.shape[0]!, initialWeight),
      best: tf.clone(scope.x),
      bestNet: tf.clone(infinite),
    };
    for (let search = 0; search < searches; search++) {
      const before = found;
      found = await scope.tidy(() => searched(before, search));
      tf.dispose({ ...before });
    }
    return rule === 'en' ? found.best : undefined;

    async function searched({ best, bestNet, ...weights }: Found, search: number): Promise<Found> {
      const start = {
        ...weightsOfSearch(weights, search, searches),
        ...{ best, bestNet },
        point: scope.x,
        ahead: scope.x,
        solved: none,
        objective: infinite,
      };
      const end = await scope.iterate(start, steps, (state, rows) => {
        const { x, model, step } = rows;
        const { gradient } = averagedGradient(model, state.ahead, (z) => missingLead(rows, z, confidence), eot);
        const offset = tf.div(tf.sub(state.ahead, x), width);
        const slope = tf.add(tf.mul(gradient, tf.mul(column(state.weight, x), width)), tf.mul(offset, 2));
        const moved = tf.sub(offset, tf.mul(slope, learningRate * Math.sqrt(1 - step / steps)));
        const point = tf.clipByValue(tf.add(x, tf.mul(softThreshold(moved, beta), width)), low, high);
        const logits = model.logits(point);
        const outputs = handicapped(rows, logits, confidence);
        if (rule === 'distance') rows.offer(point, outputs);
        const fooled = isFooled(rows, outputs);
        const net = elasticNet(tf.div(tf.sub(point, x), width), beta);
        const isBest = tf.logicalAnd(fooled, tf.less(net, state.bestNet));
        const objective = tf.add(tf.mul(state.weight, missingLead(rows, logits, confidence)), net);
        const isReviewed = endsEarly && isReview(step, steps);
        if (isReviewed) rows.finish(isStalled(objective, state.objective));
        return {
          ...state,
          point,
          ahead: tf.add(point, tf.mul(tf.sub(point, state.point), step / (step + 3))),
          solved: tf.maximum(state.solved, tf.cast(fooled, 'float32')),
          objective: isReviewed ? objective : state.objective,
          best: select(isBest, point, state.best),
          bestNet: tf.where(isBest, net, state.bestNet),
        };
      });
      return { ...nextWeights(end, tf.greater(end.solved, 0)), best: end.best, bestNet: end.bestNet };
    }
  },
});

/** What one search leaves to the next. */
interface Found extends Weights {
  /** The points of the smallest elastic-net distance, [rows, ...]. */
  readonly best: Tensor;
  /** [rows] */
  readonly bestNet: Tensor;
}

/** Every value moved towards 0 by `by`, at most to 0. */
function softThreshold(values: Tensor, by: number): Tensor {
  return tf.mul(signOf(values), tf.relu(tf.sub(tf.abs(values), by)));
}

/** `|d|_2^2 + beta |d|_1` per row [n]. */
function elasticNet(offsets: Tensor, beta: number): Tensor {
  return tf.add(tf.sum(tf.square(flatRows(offsets)), 1), tf.mul(lengths('l1', offsets), beta));
}
