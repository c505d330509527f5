import type { AveragerBinding, Objective, OptimizerBinding, Saved, WorkTransform } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { withWeights } from '../../src/weights/with-weights.js';

/** In the shape of adversarial weight perturbation: ascend, take the gradient there, come back. */
export const perturbed =
  (gamma: number): WorkTransform =>
  (work) => ({
    ...work,
    async gradient(prepared, options) {
      const up = await work.gradient(prepared, { probe: true });
      try {
        return await withWeights(
          work.model,
          (name, weight) => {
            if (weight.rank < 2) return undefined;
            const gradient = up.grads[name]!;
            const length = tf.add(tf.norm(gradient), 1e-20);
            return tf.mul(tf.div(tf.mul(gamma, tf.norm(weight)), length), gradient);
          },
          () => work.gradient(prepared, options),
        );
      } finally {
        tf.dispose([up.grads, up.terms]);
      }
    },
  });

/** In the shape of EntropySGD: several draws a step, noise, state that outlives the step. */
export const manyDraws =
  (draws: number): OptimizerBinding =>
  (model) => {
    const mean = Object.fromEntries(
      Object.entries(model.weights).map(([name, weight]) => [`mean/${name}`, tf.variable(weight as Tensor, false)]),
    );
    const state: Saved = { ...mean, outer: 0 };
    return {
      draws,
      state,
      async step(work) {
        for (let inner = 0; inner < draws; inner++) {
          const { grads, terms } = await work.gradient(await work.draw());
          tf.tidy(() => {
            for (const [name, weight] of Object.entries(model.weights)) {
              const noise = tf.mul(1e-3, work.rng.normal(`noise ${inner} ${name}`, weight.shape));
              weight.assign(tf.add(tf.sub(weight, tf.mul(work.rate, grads[name]!)), noise));
              const average = mean[`mean/${name}`]!;
              average.assign(tf.add(tf.mul(0.75, average), tf.mul(0.25, weight)));
            }
          });
          tf.dispose([grads, terms]);
        }
        for (const [name, weight] of Object.entries(model.weights)) weight.assign(mean[`mean/${name}`]! as Tensor);
        state['outer'] = (state['outer'] as number) + 1;
      },
      dispose: () => tf.dispose(mean),
    };
  };

/** In the shape of primal-dual DALE: a dual variable that moves once per drawn batch. Its owner disposes it. */
export function primalDual(rho: number, rate: number): Objective<{ x: Tensor; adv: Tensor; y: Tensor }> {
  const nu = tf.tidy(() => tf.variable(tf.scalar(1), false));
  return {
    state: { nu },
    async prepare(batch, context) {
      return { x: batch.x, adv: await context.maximize(batch), y: batch.y };
    },
    loss({ x, adv, y }, model, how) {
      const clean = meanCrossEntropy(model.logits(x, how), y);
      const robust = meanCrossEntropy(model.logits(adv, how), y);
      return { total: tf.add(robust, tf.mul(nu as Tensor, clean)), terms: { clean, robust } };
    },
    afterGradient({ clean }) {
      nu.assign(tf.relu(tf.add(nu, tf.mul(rate, tf.sub(clean!, rho)))) as tf.Scalar);
    },
    dispose: () => nu.dispose(),
  };
}

/** An exponential moving average of the weights. */
export const movingAverage =
  (decay: number): AveragerBinding =>
  (model) => {
    const weights: Record<string, Variable> = Object.fromEntries(
      Object.entries(model.weights).map(([name, weight]) => [name, tf.variable(weight as Tensor, false)]),
    );
    const state: Saved = { ...weights, steps: 0, epochs: 0 };
    return {
      weights,
      state,
      afterStep() {
        state['steps'] = (state['steps'] as number) + 1;
        tf.tidy(() => {
          for (const [name, average] of Object.entries(weights))
            average.assign(tf.add(tf.mul(decay, average), tf.mul(1 - decay, model.weights[name]!)));
        });
      },
      afterEpoch() {
        state['epochs'] = (state['epochs'] as number) + 1;
      },
      dispose: () => tf.dispose(weights),
    };
  };
