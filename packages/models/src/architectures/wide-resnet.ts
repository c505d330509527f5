import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { batchNorm } from '../layers/batch-norm.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { constant, normal } from '../layers/initializers.js';
import { averageOverImage, relu, sequence, type Layer } from '../layers/layer.js';
import type { Parameters } from '../layers/parameters.js';

const options = z.strictObject({
  inputShape: imageShape(32, 32, 3),
  depth: z
    .int()
    .min(10)
    .refine((depth) => (depth - 4) % 6 === 0, 'expected 6 n + 4, such as 10, 16, 28, 34 or 70')
    .default(34)
    .describe('layers with weights: 6 n + 4'),
  width: size.default(10).describe('factor of the numbers of filters 16, 32 and 64'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('probability of dropping a value between the convolutions of a block, in training'),
  ...commonOptions(10),
});

/**
 * WideResNet-depth-width for 32 x 32 images (Zagoruyko and Komodakis 2016, *Wide Residual
 * Networks*, https://arxiv.org/abs/1605.07146), as TRADES, AWP and the leaderboards use it: three
 * groups of (`depth` - 4) / 6 blocks that normalise before each convolution; `depth` 34, `width`
 * 10, `dropout` 0. Weights by the names of TRADES' code: `conv1`, `block1.layer.0.bn1`, `...conv1`,
 * `...bn2`, `...conv2`, `...convShortcut`, ..., `bn1`, `fc`. Initial values as there: convolutions
 * normal with variance 2 / (window² x outputs), the bias of the last layer 0.
 *
 * @example
 * ```ts
 * const model = wideResnet({ depth: 16, width: 4 })(0); // WRN-16-4, seed 0
 * ```
 */
export const wideResnet = defineArchitecture({
  name: 'wide-resnet',
  summary: 'WideResNet of any depth 6 n + 4 and width for 32 x 32 images, such as WRN-34-10.',
  paper: 'Zagoruyko and Komodakis 2016, Wide Residual Networks, https://arxiv.org/abs/1605.07146',
  options,
  build({ inputShape, depth, width, dropout: rate, numClasses }, parameters) {
    const stem = convolution(parameters, 'conv1', inputShape[2], 16, 3, 1);
    const blocksPerGroup = (depth - 4) / 6;
    const groups = [1, 2, 4].flatMap((factor, group) => {
      const outputs = 16 * width * factor;
      const inputs = group === 0 ? 16 : outputs / 2;
      return Array.from({ length: blocksPerGroup }, (_, i) => {
        const name = `block${group + 1}.layer.${i}`;
        if (i > 0) return wideBlock(parameters, name, outputs, outputs, 1, rate);
        return wideBlock(parameters, name, inputs, outputs, group === 0 ? 1 : 2, rate);
      });
    });
    const end = sequence(batchNorm(parameters, 'bn1', 64 * width), relu, averageOverImage);
    const fc = dense(parameters, 'fc', { inputs: 64 * width, outputs: numClasses, biasInitializer: constant(0) });
    return { features: sequence(stem, ...groups, end), head: (x) => fc(x, {}) };
  },
});

/**
 * With a = relu(bn1(x)): conv2(drop(relu(bn2(conv1(a))))) + x, or + convShortcut(a) where the
 * number of filters changes.
 */
function wideBlock(
  parameters: Parameters,
  name: string,
  inputs: number,
  outputs: number,
  stride: number,
  rate: number,
): Layer {
  const activate = sequence(batchNorm(parameters, `${name}.bn1`, inputs), relu);
  const residual = sequence(
    convolution(parameters, `${name}.conv1`, inputs, outputs, 3, stride),
    batchNorm(parameters, `${name}.bn2`, outputs),
    relu,
    dropout(`${name}.drop`, rate),
    convolution(parameters, `${name}.conv2`, outputs, outputs, 3, 1),
  );
  const shortcut =
    inputs === outputs ? undefined : convolution(parameters, `${name}.convShortcut`, inputs, outputs, 1, stride);
  return (x, how) => {
    const activated = activate(x, how);
    return tf.add(residual(activated, how), shortcut === undefined ? x : shortcut(activated, how));
  };
}

function convolution(
  parameters: Parameters,
  name: string,
  inputs: number,
  outputs: number,
  window: number,
  stride: number,
): Layer {
  return conv2d(parameters, name, {
    inputs,
    outputs,
    window,
    stride,
    padding: (window - 1) / 2,
    bias: false,
    filterInitializer: normal(Math.sqrt(2 / (window * window * outputs))),
  });
}
