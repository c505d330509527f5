import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { conv2d, windowedSize } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { constant, kaimingNormal } from '../layers/initializers.js';
import { checkFeatureMap, flatten, maxPool2, relu, sequence } from '../layers/layer.js';

const options = z.strictObject({
  inputShape: imageShape(28, 28, 1),
  channels: z.tuple([size, size]).default([32, 64]).describe('filters of the first and of the last two convolutions'),
  hidden: size.default(200).describe('units of the two hidden dense layers'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe('probability of dropping a unit of the first dense layer in training'),
  ...commonOptions(10),
});

/**
 * SmallCNN, the MNIST network of TRADES (Zhang et al. 2019, *Theoretically Principled Trade-off
 * between Robustness and Accuracy*, https://arxiv.org/abs/1901.08573): two 3x3 convolutions
 * (`channels` 32), max pool 2, two (64), max pool 2, all without padding; dense (`hidden` 200),
 * ReLU, `dropout` 0.5, dense 200, ReLU, dense 10. Weights by the names of the official code:
 * `feature_extractor.conv1` to `conv4`, `classifier.fc1` to `fc3`. Initial values as there: Kaiming
 * normal convolutions with biases 0, last layer 0, other dense layers uniform in ±1/sqrt(fan-in).
 *
 * @example
 * ```ts
 * const model = smallCnn()(0); // seed 0
 * ```
 */
export const smallCnn = defineArchitecture({
  name: 'small-cnn',
  summary: 'SmallCNN of TRADES: four 3x3 convolutions, two max poolings, three dense layers, dropout.',
  paper:
    'Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy, https://arxiv.org/abs/1901.08573',
  options,
  build({ inputShape, channels: [first, second], hidden, dropout: rate, numClasses }, parameters) {
    const conv = (name: string, inputs: number, outputs: number) =>
      conv2d(parameters, `feature_extractor.${name}`, {
        inputs,
        outputs,
        window: 3,
        filterInitializer: kaimingNormal(9 * inputs),
        biasInitializer: constant(0),
      });
    const twoConvolutions = (side: number) => windowedSize(windowedSize(windowedSize(side, 3), 3), 2, 2);
    const sides = inputShape.slice(0, 2).map((side) => twoConvolutions(twoConvolutions(side))) as [number, number];
    checkFeatureMap('small-cnn', inputShape, sides);
    const convolutions = sequence(
      conv('conv1', inputShape[2], first),
      relu,
      conv('conv2', first, first),
      relu,
      maxPool2,
      conv('conv3', first, second),
      relu,
      conv('conv4', second, second),
      relu,
      maxPool2,
    );
    const image = [...sides, second] as const;
    const fc1 = dense(parameters, 'classifier.fc1', { inputs: sides[0] * sides[1] * second, outputs: hidden, image });
    const fc2 = dense(parameters, 'classifier.fc2', { inputs: hidden, outputs: hidden });
    const zero = constant(0);
    const fc3 = dense(parameters, 'classifier.fc3', {
      inputs: hidden,
      outputs: numClasses,
      kernelInitializer: zero,
      biasInitializer: zero,
    });
    return {
      features: sequence(convolutions, flatten, fc1, relu, dropout('classifier.drop', rate), fc2, relu),
      head: (x) => fc3(x, {}),
    };
  },
});
