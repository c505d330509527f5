import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { anyShape, commonOptions, size } from '../input-options.js';
import { dense } from '../layers/dense.js';
import { fanInUniform, normal, randomSigns, scaled } from '../layers/initializers.js';
import { flatten, relu, sequence, sizeOf } from '../layers/layer.js';

const options = z.strictObject({
  inputShape: anyShape(2),
  width: size.default(100).describe('hidden units m'),
  bias: z.boolean().default(true).describe('whether both layers have biases; the theory has none'),
  secondLayer: z
    .enum(['trained', 'fixed'])
    .default('trained')
    .describe('fixed: entries +1/sqrt(width) or -1/sqrt(width), kept as a buffer, without a bias'),
  initializer: z
    .enum(['normal', 'pytorch'])
    .default('normal')
    .describe('of the trained matrices: normal of variance 1/inputs, or uniform in ±1/sqrt(inputs)'),
  initScale: z.number().positive().default(1).describe('factor on the initial trained matrices, not on the biases'),
  ...commonOptions(2),
});

/**
 * A two-layer ReLU network N(x) = sum_j u_j relu(w_j . x + b_j) (+ c), the object of Melamed,
 * Yehudai, Vardi 2023 (https://arxiv.org/abs/2303.00783). With two classes the logits are [-N/2,
 * N/2]: the logit margin is N, cross-entropy the logistic loss log(1 + exp(-y N)) with y = ±1. With
 * more classes it has one output for each. Weights `fc1.weight` [d, width], `fc1.bias`,
 * `fc2.weight` [width, 1 or numClasses], `fc2.bias`. The theory's network, w_j ~ N(0, I/d), u_j =
 * ±1/sqrt(width), is `{ bias: false, secondLayer: 'fixed' }`; the experiments' is the default, with
 * `initScale` below 1 for a small initialisation, and `initializer: 'pytorch'` for the chess board.
 *
 * @example
 * ```ts
 * const theory = { inputShape: [60], width: 400, bias: false, secondLayer: 'fixed' } as const;
 * const model = twoLayer({ ...theory, bounds: [-8, 8] })(0); // seed 0
 * ```
 */
export const twoLayer = defineArchitecture({
  name: 'two-layer',
  summary: 'Two-layer ReLU network with a trained or fixed second layer.',
  paper:
    'Melamed, Yehudai, Vardi 2023, Adversarial Examples Exist in Two-Layer ReLU Networks for Low Dimensional Linear Subspaces, https://arxiv.org/abs/2303.00783',
  options,
  build({ inputShape, numClasses, width, bias, secondLayer, initializer, initScale }, parameters) {
    const matrix = (inputs: number) =>
      scaled(initializer === 'normal' ? normal(1 / Math.sqrt(inputs)) : fanInUniform(inputs), initScale);
    const inputs = sizeOf(inputShape);
    const outputs = numClasses === 2 ? 1 : numClasses;
    const isTrained = secondLayer === 'trained';
    const [height, columns, channels] = inputShape;
    const image = inputShape.length === 3 ? ([height!, columns!, channels!] as const) : undefined;
    const first = dense(parameters, 'fc1', {
      inputs,
      outputs: width,
      bias,
      kernelInitializer: matrix(inputs),
      image,
    });
    const second = dense(parameters, 'fc2', {
      inputs: width,
      outputs,
      bias: bias && isTrained,
      trained: isTrained,
      kernelInitializer: isTrained ? matrix(width) : randomSigns(1 / Math.sqrt(width)),
    });
    return {
      features: sequence(flatten, first, relu),
      head: (x) => (outputs === 1 ? signedToLogits(second(x, {})) : second(x, {})),
    };
  },
});

/** N [n, 1] to [-N/2, N/2] [n, 2]. */
function signedToLogits(signed: tf.Tensor): tf.Tensor {
  const half = tf.mul(signed, 0.5);
  return tf.concat([tf.neg(half), half], 1);
}
