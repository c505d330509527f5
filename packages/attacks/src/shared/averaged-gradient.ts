import type { GradientModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** The option of every gradient attack against models that draw at random in their forward pass. */
export const eotOption = z
  .int()
  .min(1)
  .default(1)
  .describe('forward and backward passes averaged into each gradient, for models whose forward pass is random');

/**
 * The mean gradient of `passes` passes at one point (expectation over transformation, Athalye et
 * al. 2018, https://arxiv.org/abs/1707.07397), with logits and loss of the last pass, as in
 * AutoAttack.
 */
export function averagedGradient(
  model: GradientModel,
  at: Tensor,
  lossOf: (logits: Tensor) => Tensor,
  passes: number,
): { gradient: Tensor; logits: Tensor; loss: Tensor } {
  let last = model.gradient(at, lossOf);
  if (passes === 1) return last;
  let sum = last.gradient;
  for (let pass = 1; pass < passes; pass++) {
    last = model.gradient(at, lossOf);
    sum = tf.add(sum, last.gradient);
  }
  return { ...last, gradient: tf.div(sum, passes) };
}
