import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { conv2d, windowedSize } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { checkFeatureMap, flatten, maxPool2, relu, sequence } from '../layers/layer.js';

const options = z.strictObject({
  inputShape: imageShape(28, 28, 1),
  channels: z.tuple([size, size]).default([32, 64]).describe('filters of the two convolutions'),
  hidden: size.default(1024).describe('units of the hidden dense layer'),
  ...commonOptions(10),
});

/**
 * The MNIST network of Madry et al. 2018, *Towards Deep Learning Models Resistant to Adversarial
 * Attacks* (https://arxiv.org/abs/1706.06083), a wide LeNet-5: conv 5x5 (`channels` 32, zero
 * padding that keeps the size), ReLU, max pool 2; conv 5x5 (64), ReLU, max pool 2; dense (`hidden`
 * 1024), ReLU; dense 10. Weights `conv1`, `conv2`, `fc1`, `fc2` with `.weight` and `.bias`. Initial
 * values as PyTorch's layers, uniform in ±1/sqrt(fan-in); Madry's TensorFlow code draws truncated
 * normals of standard deviation 0.1 and biases 0.1.
 *
 * @example
 * ```ts
 * const model = lenet5()(0); // seed 0
 * ```
 */
export const lenet5 = defineArchitecture({
  name: 'lenet5',
  summary: "Madry's MNIST network: two 5x5 convolutions with max pooling and a dense layer of 1024.",
  paper:
    'Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, https://arxiv.org/abs/1706.06083',
  options,
  build({ inputShape, channels: [first, second], hidden, numClasses }, parameters) {
    const sides = inputShape.slice(0, 2).map((side) => windowedSize(windowedSize(side, 2, 2), 2, 2)) as [
      number,
      number,
    ];
    checkFeatureMap('lenet5', inputShape, sides);
    const image = [...sides, second] as const;
    const conv1 = conv2d(parameters, 'conv1', { inputs: inputShape[2], outputs: first, window: 5, padding: 2 });
    const conv2 = conv2d(parameters, 'conv2', { inputs: first, outputs: second, window: 5, padding: 2 });
    const fc1 = dense(parameters, 'fc1', { inputs: sides[0] * sides[1] * second, outputs: hidden, image });
    const fc2 = dense(parameters, 'fc2', { inputs: hidden, outputs: numClasses });
    return {
      features: sequence(conv1, relu, maxPool2, conv2, relu, maxPool2, flatten, fc1, relu),
      head: (x) => fc2(x, {}),
    };
  },
});
