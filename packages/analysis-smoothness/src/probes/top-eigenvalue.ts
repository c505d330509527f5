import type { Classifier, Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProbeExamples } from './examples.js';
import { lossGradient } from './loss-gradient.js';
import { addScaled, atWeights, currentWeights, innerProduct, normOf, randomUnit, scaled } from './weight-vector.js';
import type { WeightVector } from './weight-vector.js';

export interface EigenvalueOptions {
  /** Rounds of power iteration. Default 20. */
  readonly rounds?: number;
  /** Step of the finite difference as a share of ||theta||. Default 1e-3. */
  readonly step?: number;
  /** Draws the first direction. */
  readonly random: Random;
}

/**
 * F4, K6: the eigenvalue of largest magnitude of the Hessian of the loss in the weights, by power
 * iteration on Hv ~ (g(theta + h v) - g(theta - h v)) / (2h), without second-order gradients.
 * Examples are frozen, in `eval` mode; the weights come back as they were.
 *
 * @param inputs As {@link attacked} gives them.
 * @returns The Rayleigh quotient of the last round, and how far it is from that of the round
 *   before, as a share.
 */
export async function topEigenvalue(
  model: Classifier,
  examples: ProbeExamples,
  inputs: readonly Tensor[],
  { rounds = 20, step = 1e-3, random }: EigenvalueOptions,
): Promise<{ readonly value: number; readonly change: number }> {
  const weights = currentWeights(model);
  const h = step * (await normOf(weights));
  tf.dispose(weights);
  let unit = await randomUnit(model, random, 'eigenvalue');
  let [value, before] = [0, 0];
  try {
    for (let round = 0; round < rounds; round++) {
      const product = await hessianProduct(model, examples, inputs, unit, h);
      before = value;
      value = await innerProduct(unit, product);
      const length = await normOf(product);
      if (length > 0) {
        const next = scaled(product, 1 / length);
        tf.dispose(unit);
        unit = next;
      }
      tf.dispose(product);
      if (length === 0) break;
    }
    return { value, change: value === 0 ? 0 : Math.abs(value - before) / Math.abs(value) };
  } finally {
    tf.dispose(unit);
  }
}

async function hessianProduct(
  model: Classifier,
  examples: ProbeExamples,
  inputs: readonly Tensor[],
  unit: WeightVector,
  h: number,
): Promise<WeightVector> {
  const at = (factor: number): Promise<WeightVector> =>
    atWeights(
      model,
      (name) => tf.mul(unit[name]!, factor),
      () => lossGradient(model, examples, inputs),
    );
  const ahead = await at(h);
  const behind = await at(-h);
  const difference = addScaled(ahead, behind, -1);
  const product = scaled(difference, 1 / (2 * h));
  tf.dispose([ahead, behind, difference]);
  return product;
}
