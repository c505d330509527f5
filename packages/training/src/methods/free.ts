import {
  AdvrobError,
  defineObjective,
  defineTrainer,
  type Objective,
  type Saved,
  type ThreatModel,
} from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { sgd } from '../parts/sgd.js';
import { sgdShape } from './shared.js';

const freeOptions = z.strictObject({
  replays: z.int().min(1).default(8).describe('m: how often each batch is used; 8 on CIFAR'),
  stepSize: z.number().positive().default(1).describe('length of each step of the perturbation in units of epsilon'),
});

/**
 * What a step of free adversarial training needs: the perturbation [n, ...inputShape] stands beside
 * the examples.
 */
type Values = { readonly x: Tensor; readonly delta: Tensor; readonly y: Tensor };

/**
 * Free adversarial training (Shafahi et al. 2019, https://arxiv.org/abs/1904.12843, algorithm 1):
 * each batch is used `replays` times, and one backward pass gives both the gradient of the weights
 * and that of the perturbation, `delta = clip(delta + epsilon * sign(gradient))`, which is carried
 * on from batch to batch by position and is part of the checkpoint. It brings its own attack and
 * needs only a threat (Linf, L2 or L1). To compare at equal cost divide `epochs` by `replays`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_NORM` for L0.
 * @example
 * ```ts
 * import { fit, free } from '@advrob/training';
 * await fit({
 *   model, data, objective: free({ replays: 4 }), threat: { norm: 'linf', epsilon: 0.3 },
 *   epochs: 2,
 * });
 * ```
 */
export const free = defineObjective({
  name: 'free',
  summary: 'Free adversarial training: one backward pass moves weights and perturbation.',
  paper: 'Shafahi et al. 2019, Adversarial Training for Free!, https://arxiv.org/abs/1904.12843',
  options: freeOptions,
  create: ({ replays, stepSize }): Objective<Values> => {
    const state: Saved = {};
    let threat: ThreatModel | undefined;
    const kept = (): Variable => state['delta'] as Variable;
    const firstRows = (count: number): Tensor => tf.slice(kept(), 0, count);

    return {
      replays,
      inputs: ['delta'],
      state,
      open({ inputShape, batchSize }) {
        const shape = [batchSize, ...inputShape];
        if (state['delta'] && kept().shape.join() === shape.join()) return;
        tf.dispose(kept());
        state['delta'] = tf.tidy(() => tf.variable(tf.zeros(shape), false));
      },
      async prepare({ x, y }, context) {
        ({ threat } = context);
        if (threat.norm === 'l0')
          throw new AdvrobError('ADVROB_NORM', "objective 'free' works for linf, l2 and l1, not for l0");
        return { x, y, delta: firstRows(x.shape[0]!) };
      },
      loss: ({ x, delta, y }, model, how) => ({
        total: meanCrossEntropy(model.logits(tf.clipByValue(tf.add(x, delta), ...model.bounds), how), y),
      }),
      afterGradient(_, { delta: gradient }) {
        const count = gradient!.shape[0]!;
        const rest = kept().shape[0]! - count;
        const next = ascended(threat!, firstRows(count), gradient!, stepSize);
        kept().assign(rest === 0 ? next : tf.concat([next, tf.slice(kept(), count, rest)]));
      },
      dispose: () => tf.dispose(kept()),
    };
  },
});

/**
 * One step of steepest ascent, projected on the ball alone: the bounds are met when the
 * perturbation is added.
 */
function ascended({ norm, epsilon, steepestAscent }: ThreatModel, delta: Tensor, gradient: Tensor, size: number) {
  if (epsilon === 0) return tf.zerosLike(delta);
  // Every ball around 0 lies within these bounds, so that they are never active.
  const ball = createThreat({ norm, epsilon }, [-epsilon, epsilon]);
  return ball.project(tf.add(delta, tf.mul(steepestAscent(gradient), size * epsilon)), tf.zerosLike(delta));
}

/**
 * Free adversarial training with the SGD of its official code on CIFAR-10: momentum 0.9, weight
 * decay 2e-4; a learning rate of 0.1 that falls tenfold after a half and three quarters of the run
 * (40,000 and 60,000 of 80,000 steps).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, freeTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...freeTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, steps: 80000,
 * });
 * ```
 */
export const freeTrainer = defineTrainer({
  name: 'free',
  summary: 'Free adversarial training with the SGD of its code.',
  paper: 'Shafahi et al. 2019, Adversarial Training for Free!, https://arxiv.org/abs/1904.12843',
  options: z.strictObject({ ...freeOptions.shape, ...sgdShape(2e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: free(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
  }),
});
