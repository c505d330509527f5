import { defineOptimizer, type OptimizerBinding } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { disposeState, zerosLikeWeights } from './shared.js';

const common = {
  beta1: z.number().min(0).lt(1).default(0.9).describe('share of the mean of gradients that is kept'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('share of the mean of squared gradients that is kept'),
  epsilon: z.number().positive().default(1e-8).describe('added to the root of the mean square'),
};
const adamOptions = z.strictObject({
  ...common,
  weightDecay: z.number().min(0).default(0).describe('L2 penalty added to the gradient'),
});
const adamwOptions = z.strictObject({
  ...common,
  weightDecay: z
    .number()
    .min(0)
    .default(0.01)
    .describe('share of the weight, times the rate, that is taken off in each step'),
});

/**
 * Adam (Kingma, Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1) as `torch.optim.Adam`:
 * weight decay is added to the gradient. The rate comes from `fit`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { adam } from '@advrob/training';
 * const optimizer = adam({ beta2: 0.99 });
 * ```
 */
export const adam = defineOptimizer({
  name: 'adam',
  summary: 'Adam, as in PyTorch: weight decay is an L2 penalty.',
  paper: 'Kingma, Ba 2015, Adam: A Method for Stochastic Optimization, https://arxiv.org/abs/1412.6980',
  options: adamOptions,
  create: (options) => bindAdam(options, 'penalty'),
});

/**
 * AdamW (Loshchilov, Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2) as
 * `torch.optim.AdamW`: the weights shrink by rate * weightDecay before Adam's step. The rate comes
 * from `fit`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { adamw } from '@advrob/training';
 * const optimizer = adamw({ weightDecay: 0.05 });
 * ```
 */
export const adamw = defineOptimizer({
  name: 'adamw',
  summary: 'Adam with decoupled weight decay, as in PyTorch.',
  paper: 'Loshchilov, Hutter 2019, Decoupled Weight Decay Regularization, https://arxiv.org/abs/1711.05101',
  options: adamwOptions,
  create: (options) => bindAdam(options, 'decoupled'),
});

function bindAdam(
  { beta1, beta2, epsilon, weightDecay }: z.output<typeof adamOptions>,
  decay: 'penalty' | 'decoupled',
): OptimizerBinding {
  return (model) => {
    const means = zerosLikeWeights(model, 'mean');
    const squares = zerosLikeWeights(model, 'square');
    const state = { ...means, ...squares, steps: 0 } as Record<string, Variable | number> & { steps: number };

    const update = (name: string, weight: Variable, gradient: Tensor, rate: number): void => {
      const mean = means[`mean/${name}`]!;
      const square = squares[`square/${name}`]!;
      const penalised = weightDecay > 0 && decay === 'penalty';
      const direction = penalised ? tf.add(gradient, tf.mul(weight, weightDecay)) : gradient;
      mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(direction, 1 - beta1)));
      square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(direction), 1 - beta2)));
      const meanScale = rate / (1 - beta1 ** state.steps);
      const root = tf.div(tf.sqrt(square), Math.sqrt(1 - beta2 ** state.steps));
      const shrunk = decay === 'decoupled' ? tf.mul(weight, 1 - rate * weightDecay) : weight;
      weight.assign(tf.sub(shrunk, tf.mul(tf.div(mean, tf.add(root, epsilon)), meanScale)));
    };

    return {
      state,
      async step(work) {
        const { grads, terms } = await work.gradient(await work.draw());
        state.steps += 1;
        work.update(() => {
          for (const [name, weight] of Object.entries(model.weights)) update(name, weight, grads[name]!, work.rate);
        });
        tf.dispose([grads, terms]);
      },
      dispose: () => disposeState(state),
    };
  };
}
