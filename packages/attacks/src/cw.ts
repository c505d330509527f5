import { defineAttack } from '@advrob/core/attack';
import { column, flatRows, isFooled } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { adam } from './shared/adam.js';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import {
  firstWeights,
  isReview,
  isSolved,
  isStalled,
  nextWeights,
  searchOptions,
  stepsSince,
  weightsOfSearch,
  type Weights,
} from './shared/constant-search.js';
import { handicapped, missingLead } from './shared/margin.js';

const options = z.strictObject({
  ...searchOptions,
  learningRate: z.number().positive().default(0.01).describe('of Adam, in tanh space'),
  eot: eotOption,
});

/**
 * Carlini and Wagner's attack in L2: minimises `c * max(confidence - margin, 0) + |x' - x|^2` over
 * `w` with `x' = (tanh(w) + 1) / 2`, by Adam, for several weights `c` found by binary search
 * (section VI.A). Distances are in units of the bounds, so that `c` means the same in any of them.
 *
 * Unlike in peers, each example has its own weight and end, values at the bounds can move, the lead
 * over negative logits is right, distances are to the example itself (tanh space moves it by up to
 * a millionth), and a failure returns the example. A weight is enough where its search fools in
 * the end; in peers any step counts, see {@link isSolved}.
 *
 * @example
 * ```ts
 * const { closest } = await cw().run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const cw = defineAttack({
  name: 'cw',
  summary:
    'Carlini and Wagner: the smallest L2 distance, by Adam on distance plus weighted margin, searching the weight.',
  paper:
    'Carlini and Wagner 2017, Towards Evaluating the Robustness of Neural Networks, https://arxiv.org/abs/1608.04644',
  knowledge: 'gradients',
  norms: ['l2'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { searches, steps, initialWeight, confidence, endsEarly, learningRate, eot }) {
    const { bounds } = scope.threat;
    const width = bounds[1] - bounds[0];
    const w = toTanhSpace(scope.x, bounds);
    const zero = tf.zerosLike(w);
    const infinite = tf.fill([scope.x.shape[0]!], Infinity);
    let weights = firstWeights(scope.x.shape[0]!, initialWeight);
    for (let search = 0; search < searches; search++) {
      const before = weights;
      weights = await scope.tidy(() => searched(before, search));
      tf.dispose({ ...before });
    }

    async function searched(weights: Weights, search: number): Promise<Weights> {
      const start = {
        ...weightsOfSearch(weights, search, searches),
        w,
        mean: zero,
        square: zero,
        sinceFooled: infinite,
        objective: infinite,
      };
      const end = await scope.iterate(start, steps, (state, rows) => {
        const adv = fromTanhSpace(state.w, bounds);
        const { gradient, logits, loss } = averagedGradient(
          rows.model,
          adv,
          (z) => missingLead(rows, z, confidence),
          eot,
        );
        const outputs = handicapped(rows, logits, confidence);
        rows.offer(adv, outputs);
        const offset = tf.div(tf.sub(adv, rows.x), width);
        const objective = tf.add(tf.mul(state.weight, loss), tf.sum(tf.square(flatRows(offset)), 1));
        const isReviewed = endsEarly && isReview(rows.step, steps);
        if (isReviewed) rows.finish(isStalled(objective, state.objective));
        const slope = tf.add(tf.mul(gradient, tf.mul(column(state.weight, adv), width)), tf.mul(offset, 2));
        const { change, ...moments } = adam(state, tf.mul(slope, tanhSlope(state.w)), rows.step, learningRate);
        return {
          ...state,
          ...moments,
          w: tf.sub(state.w, change),
          sinceFooled: stepsSince(state.sinceFooled, isFooled(rows, outputs)),
          objective: isReviewed ? objective : state.objective,
        };
      });
      return nextWeights(end, isSolved(end.sinceFooled, steps));
    }
  },
});

/** Values at the bounds would lie at infinity, where no gradient moves them. */
const shrink = 0.999999;

/**
 * The variable `w` with `x = (tanh(w) + 1) / 2` in units of the bounds; `x` [n, ...] is shrunk
 * towards the middle by a millionth.
 */
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
