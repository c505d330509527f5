import { defineOptimizer, type OptimizerBinding, type Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { disposeState, zerosLikeWeights } from './shared.js';

const options = z
  .strictObject({
    momentum: z.number().min(0).lt(1).default(0).describe('share of the last update that is kept; 0.9 is usual'),
    dampening: z.number().min(0).max(1).default(0).describe('weakens the gradient inside the momentum'),
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .describe('L2 penalty added to the gradient; 2e-4 to 5e-4 is usual on CIFAR'),
    nesterov: z.boolean().default(false).describe('Nesterov momentum; needs momentum and no dampening'),
  })
  .refine(({ nesterov, momentum, dampening }) => !nesterov || (momentum > 0 && dampening === 0), {
    message: 'needs momentum above 0 and dampening 0',
    path: ['nesterov'],
  });
type SgdOptions = z.output<typeof options>;

/**
 * Stochastic gradient descent as `torch.optim.SGD` defines it: g + weightDecay * w, then v =
 * momentum * v + (1 - dampening) * g (the first v is g itself), then w - rate * v, with Nesterov w
 * - rate * (g + momentum * v). The rate comes from `fit`.
 *
 * Nesterov momentum: Sutskever et al. 2013, "On the importance of initialization and momentum in
 * deep learning".
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { sgd } from '@advrob/training';
 * const optimizer = sgd({ momentum: 0.9, weightDecay: 5e-4 });
 * ```
 */
export const sgd = defineOptimizer({
  name: 'sgd',
  summary: 'Stochastic gradient descent with momentum, Nesterov momentum and weight decay, as in PyTorch.',
  options,
  create: bindSgd,
});

function bindSgd({ momentum, dampening, weightDecay, nesterov }: SgdOptions): OptimizerBinding {
  return (model) => {
    const state: Saved = momentum > 0 ? { ...zerosLikeWeights(model, 'momentum'), steps: 0 } : {};

    const update = (name: string, weight: Variable, gradient: Tensor, rate: number): void => {
      let direction = weightDecay > 0 ? tf.add(gradient, tf.mul(weight, weightDecay)) : gradient;
      const velocity = state[`momentum/${name}`];
      if (velocity !== undefined && typeof velocity !== 'number') {
        const kept =
          state['steps'] === 0 ? direction : tf.add(tf.mul(velocity, momentum), tf.mul(direction, 1 - dampening));
        velocity.assign(kept);
        direction = nesterov ? tf.add(direction, tf.mul(kept, momentum)) : kept;
      }
      weight.assign(tf.sub(weight, tf.mul(direction, rate)));
    };

    return {
      state,
      async step(work) {
        const { grads, terms } = await work.gradient(await work.draw());
        work.update(() => {
          for (const [name, weight] of Object.entries(model.weights)) update(name, weight, grads[name]!, work.rate);
        });
        if (typeof state['steps'] === 'number') state['steps'] += 1;
        tf.dispose([grads, terms]);
      },
      dispose: () => disposeState(state),
    };
  };
}
