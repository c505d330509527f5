import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { conv2d, windowedSize } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { checkFeatureMap, flatten, maxPool2, relu, sequence } from '../layers/layer.js';

const options = z.strictObject({
  inputShape: imageShape(28, 28, 1),
  channels: z.tuple([size, size]).default([16, 32]).describe('filters of the two convolutions'),
  hidden: size.default(64).describe('units of the hidden dense layer'),
  ...commonOptions(10),
});

/**
 * A convolution network small enough to train adversarially in minutes on a CPU (1.08 M
 * multiply-adds for one 28 x 28 image): conv 5x5 stride 2 (`channels` 16, padding 2), ReLU; conv
 * 3x3 (32, padding 1), ReLU, max pool 2; dense (`hidden` 64), ReLU; dense 10. Weights `conv1`,
 * `conv2`, `fc1`, `fc2` with `.weight` and `.bias`; initial values as PyTorch's layers: uniform in
 * ±1/sqrt(fan-in).
 *
 * @example
 * ```ts
 * const model = compactCnn()(0); // seed 0
 * ```
 */
export const compactCnn = defineArchitecture({
  name: 'compact-cnn',
  summary: 'Small convolution network of about 1 M multiply-adds for 28 x 28 images.',
  options,
  build({ inputShape, channels: [first, second], hidden, numClasses }, parameters) {
    const sides = inputShape.slice(0, 2).map((side) => windowedSize(windowedSize(side, 5, 2, 2), 2, 2)) as [
      number,
      number,
    ];
    checkFeatureMap('compact-cnn', inputShape, sides);
    const image = [...sides, second] as const;
    const conv1 = conv2d(parameters, 'conv1', {
      inputs: inputShape[2],
      outputs: first,
      window: 5,
      stride: 2,
      padding: 2,
    });
    const conv2 = conv2d(parameters, 'conv2', { inputs: first, outputs: second, window: 3, padding: 1 });
    const fc1 = dense(parameters, 'fc1', { inputs: sides[0] * sides[1] * second, outputs: hidden, image });
    const fc2 = dense(parameters, 'fc2', { inputs: hidden, outputs: numClasses });
    return {
      features: sequence(conv1, relu, conv2, relu, maxPool2, flatten, fc1, relu),
      head: (x) => fc2(x, {}),
    };
  },
});
