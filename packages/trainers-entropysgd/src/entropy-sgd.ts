import { defineOptimizer, type OptimizerBinding, type Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { entropySgdOptions, type EntropySgdOptions } from './options.js';
import { openLangevin } from './langevin.js';
import { withMomentum } from './momentum.js';

/**
 * EntropySGD (Chaudhari et al. 2017, https://arxiv.org/abs/1611.01838, algorithm 1; for adversarial training: Kanai et al., https://arxiv.org/abs/2103.01400)
 * descends the local entropy of the loss L instead of the loss, which is smooth whatever L is (equation 4 there):
 *
 *     F(theta) = -log integral exp(-L(theta') - (gamma / 2) ||theta - theta'||^2) dtheta',    grad F = gamma (theta - E[theta'])
 *
 * The expectation is estimated by `innerSteps` steps of Langevin dynamics from the anchor theta, each on a fresh batch, and with an adversarial
 * objective on a fresh attack at the present inner iterate:
 *
 *     g = grad L(theta') + weightDecay theta';   u = momentum u + g;   g = g + momentum u
 *     theta' <- theta' - innerRate (g - gamma_t (theta - theta')) + noise sqrt(2 innerRate) N(0, I)
 *     average <- avgKeep average + (1 - avgKeep) theta'
 *
 * and then one outer step, in which the factor gamma of the gradient is part of the rate:
 *
 *     d = theta - average + weightDecay theta;   V = momentum V + d;   theta <- theta - rate (d + momentum V);   gamma_t = gamma (1 + scoping)^t
 *
 * **The learning rate of `fit` is the outer one and belongs near 1**, far above that of SGD: the reference code goes from 1 over 0.1 to 0.2 down to 0.01 to
 * 0.04 in three stages. One outer step costs `innerSteps` adversarial gradients and as many batches (`draws`), so that equal `epochs` in `fit` are
 * equal budgets for every optimizer.
 *
 * With AWP the gradient of each inner step is that at the perturbed weights; pull, noise, weight decay and average stay with the unperturbed ones.
 * For models with batch norm add the averager {@link recalibrated}, or SWA, which re-estimate its statistics before each measurement.
 *
 * Not taken from the reference code: the gradient at the anchor, which it computes and drops. Its Python form never counts t, which is `scoping: 0`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAt } from '@advrob/training';
 * import { entropySgd } from '@advrob/trainers-entropysgd';
 * await fit({ model, data, objective: pgdAt(), attack, threat, optimizer: entropySgd({ innerSteps: 10 }), learningRate: 1, epochs: 5 });
 * ```
 */
export const entropySgd = defineOptimizer({
  name: 'entropy-sgd',
  summary:
    'EntropySGD: descends the local entropy of the loss, estimated by Langevin steps with fresh batches and attacks.',
  paper:
    'Chaudhari et al. 2017, Entropy-SGD: Biasing Gradient Descent Into Wide Valleys, https://arxiv.org/abs/1611.01838',
  options: entropySgdOptions,
  create: bindEntropySgd,
});

function bindEntropySgd(options: EntropySgdOptions): OptimizerBinding {
  return (model) => {
    const { gamma, scoping, innerSteps, weightDecay, momentum } = options;
    const velocities = Object.fromEntries(
      momentum === 0
        ? []
        : Object.entries(model.weights).map(([name, { shape }]) => [
            `velocity/${name}`,
            tf.tidy(() => tf.variable(tf.zeros(shape), false)),
          ]),
    );
    const state = { ...velocities, steps: 0 } as Saved & { steps: number };

    const outerStep = (averages: Readonly<Record<string, Tensor>>, anchors: typeof averages, rate: number): void => {
      for (const [name, weight] of Object.entries(model.weights)) {
        const anchor = anchors[name]!;
        const toAnchor = tf.sub(anchor, averages[name]!);
        const raw = weightDecay > 0 ? tf.add(toAnchor, tf.mul(anchor, weightDecay)) : toAnchor;
        const velocity = velocities[`velocity/${name}`];
        const { direction, velocity: next } = withMomentum(raw, velocity, options);
        if (next) velocity?.assign(next);
        weight.assign(tf.sub(anchor, tf.mul(direction, rate)));
      }
    };

    return {
      draws: innerSteps,
      state,
      async step(work) {
        const inner = openLangevin(model, options, gamma * (1 + scoping) ** state.steps);
        try {
          for (let i = 0; i < innerSteps; i++) {
            const { grads, terms } = await work.gradient(await work.draw());
            inner.step(grads, (name, shape) => work.rng.normal(`langevin ${i}/${name}`, shape));
            tf.dispose([grads, terms]);
          }
          tf.tidy(() => outerStep(inner.averages(), inner.anchors, work.rate));
        } finally {
          inner.dispose();
        }
        state.steps += 1;
      },
      dispose: () => tf.dispose(velocities),
    };
  };
}
