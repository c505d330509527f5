import type { Rows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { margin } from '@advrob/core/losses';
import { column, distanceAlong, dualLengths, isFooled, logitOf, select, signOf, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { likelyTargets } from './shared/likely-targets.js';
import { leadToLose } from './shared/margin.js';

const options = z.strictObject({
  steps: z.int().min(1).default(50).describe('most steps'),
  candidates: z
    .int()
    .min(1)
    .default(9)
    .describe('other classes whose boundaries are looked at, likeliest first by the clean logits; one gradient each'),
  overshoot: z.number().min(0).default(0.02).describe('share by which the change goes beyond the boundary'),
  eot: eotOption,
});

/**
 * DeepFool: steps to the nearest boundary of the linear model around the point, until the model is
 * fooled (algorithm 2; Linf: section 3.3 with `q = 1`). The point is `x + (1 + overshoot) * (sum of
 * the steps)`, inside the bounds: the overshoot is of the whole change and does not add up.
 *
 * A row ends at its first success. In a targeted run the boundary is that of the target class.
 * Boundaries without slope are passed over. The lead to lose is larger by a millionth of the
 * largest logit, see {@link leadToLose}.
 *
 * @example
 * ```ts
 * const { closest } = await deepfool().run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const deepfool = defineAttack({
  name: 'deepfool',
  summary: 'DeepFool: steps to the nearest decision boundary of the linearised model.',
  paper:
    'Moosavi-Dezfooli et al. 2016, DeepFool: a simple and accurate method to fool deep neural networks, https://arxiv.org/abs/1511.04599',
  knowledge: 'gradients',
  norms: ['l2', 'linf'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { steps, candidates, overshoot, eot }) {
    const norm = scope.threat.norm as 'l2' | 'linf';
    const isTargeted = scope.target !== undefined;
    const start = {
      adv: scope.x,
      total: tf.zerosLike(scope.x),
      candidates: tf.concat([...likelyTargets(scope, candidates)], 1),
    };
    const { adv } = await scope.iterate(start, steps, (state, rows) => {
      const { adv, total } = state;
      const { step, logits } = nearestStep(rows, norm, adv, isTargeted ? undefined : state.candidates, eot);
      rows.offer(adv, logits);
      const fooled = isFooled(rows, logits);
      rows.finish(fooled);
      const newTotal = tf.add(total, step);
      const next = tf.clipByValue(tf.add(rows.x, tf.mul(newTotal, 1 + overshoot)), ...rows.threat.bounds);
      return { ...state, adv: select(fooled, adv, next), total: newTotal };
    });
    return adv;
  },
});

interface Step {
  readonly step: Tensor;
  readonly logits: Tensor;
}

/**
 * The step to the nearest of the boundaries to `candidates` [rows, k]; without any, in a targeted
 * run, to that around the wanted class, whichever class leads there.
 */
function nearestStep(
  { model, y, target }: Rows<'gradients'>,
  norm: 'l2' | 'linf',
  adv: Tensor,
  candidates: Tensor | undefined,
  eot: number,
): Step {
  const stepAlong = (leadOf: (logits: Tensor) => Tensor) => stepTo(norm, averagedGradient(model, adv, leadOf, eot));
  if (candidates === undefined) return stepAlong((z) => tf.neg(margin(z, target!)));
  let nearest: (Step & { readonly distance: Tensor }) | undefined;
  for (const other of tf.unstack(candidates, 1)) {
    const found = stepAlong((z) => tf.sub(logitOf(z, other), logitOf(z, y)));
    const isNearer = nearest && tf.less(found.distance, nearest.distance);
    nearest =
      nearest && isNearer
        ? {
            logits: found.logits,
            step: select(isNearer, found.step, nearest.step),
            distance: tf.minimum(found.distance, nearest.distance),
          }
        : found;
  }
  return nearest!;
}

/**
 * From the lead `loss` [rows] of the class beyond, negative on the near side, and its gradient: how
 * far the boundary is, and the way there.
 */
function stepTo(
  norm: 'l2' | 'linf',
  { gradient, logits, loss }: { gradient: Tensor; logits: Tensor; loss: Tensor },
): Step & { readonly distance: Tensor } {
  const distance = distanceAlong(dualLengths(norm, gradient), leadToLose(loss, logits));
  const length = tf.where(tf.less(distance, Infinity), distance, tf.zerosLike(distance));
  const direction = norm === 'l2' ? unit('l2', gradient) : signOf(gradient);
  return {
    logits,
    step: tf.mul(direction, column(length, gradient)),
    distance,
  };
}
