import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { conv2d, windowedSize } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { checkFeatureMap, flatten, maxPool2, relu, sequence } from '../layers/layer.js';

const rate = z.number().min(0).lt(1);
const options = z.strictObject({
  inputShape: imageShape(28, 28, 1),
  channels: z.tuple([size, size]).default([32, 64]).describe('filters of the two convolutions'),
  hidden: size.default(128).describe('units of the hidden dense layer'),
  dropout: z
    .tuple([rate, rate])
    .default([0.25, 0.5])
    .describe('probabilities of dropping a value after pooling, and a hidden unit, in training'),
  ...commonOptions(10),
});

/**
 * MNISTNet, the MNIST network of DALE's code (Robey et al. 2021, *Adversarial Robustness with
 * Semi-Infinite Constrained Learning*, https://arxiv.org/abs/2110.15767): two 3x3 convolutions
 * (`channels` 32, 64) without padding, each with ReLU, max pool 2, `dropout` 0.25, dense (`hidden`
 * 128), ReLU, dropout 0.5, dense 10. Gives logits instead of log-softmax, which changes no softmax
 * and no cross-entropy. Weights `conv1`, `conv2`, `fc1`, `fc2` with `.weight` and `.bias`; initial
 * values as PyTorch's layers: uniform in ±1/sqrt(fan-in).
 *
 * @example
 * ```ts
 * const model = mnistNet()(0); // seed 0
 * ```
 */
export const mnistNet = defineArchitecture({
  name: 'mnist-net',
  summary: "MNISTNet of DALE's code: two 3x3 convolutions, max pooling, two dense layers, dropout.",
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
  options,
  build({ inputShape, channels: [first, second], hidden, dropout: [early, late], numClasses }, parameters) {
    const sides = inputShape.slice(0, 2).map((side) => windowedSize(windowedSize(windowedSize(side, 3), 3), 2, 2)) as [
      number,
      number,
    ];
    checkFeatureMap('mnist-net', inputShape, sides);
    const conv1 = conv2d(parameters, 'conv1', { inputs: inputShape[2], outputs: first, window: 3 });
    const conv2 = conv2d(parameters, 'conv2', { inputs: first, outputs: second, window: 3 });
    const image = [...sides, second] as const;
    const fc1 = dense(parameters, 'fc1', { inputs: sides[0] * sides[1] * second, outputs: hidden, image });
    const fc2 = dense(parameters, 'fc2', { inputs: hidden, outputs: numClasses });
    const convolutions = sequence(conv1, relu, conv2, relu, maxPool2, dropout('dropout1', early));
    return {
      features: sequence(convolutions, flatten, fc1, relu, dropout('dropout2', late)),
      head: (x) => fc2(x, {}),
    };
  },
});
