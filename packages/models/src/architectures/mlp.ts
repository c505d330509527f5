import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { anyShape, commonOptions, size } from '../input-options.js';
import { dense } from '../layers/dense.js';
import { flatten, relu, sequence, sizeOf } from '../layers/layer.js';

const options = z.strictObject({
  inputShape: anyShape(28, 28, 1),
  hidden: z.array(size).min(1).default([256, 256]).describe('units of each hidden layer'),
  ...commonOptions(10),
});

/**
 * A multilayer perceptron: flatten, then dense and ReLU for each size of `hidden` (default [256,
 * 256]), then a dense layer. Weights `fc1.weight`, `fc1.bias`, `fc2.weight`, ...; initial values as
 * PyTorch's `nn.Linear`: all uniform in ±1/sqrt(inputs of the layer).
 *
 * @example
 * ```ts
 * const model = mlp({ hidden: [128] })(0); // seed 0
 * ```
 */
export const mlp = defineArchitecture({
  name: 'mlp',
  summary: 'Multilayer perceptron: dense layers with ReLU.',
  options,
  build({ inputShape, hidden, numClasses }, parameters) {
    const [height, width, channels] = inputShape;
    const image = inputShape.length === 3 ? ([height!, width!, channels!] as const) : undefined;
    const layers = hidden.map((outputs, i) => {
      const inputs = i === 0 ? sizeOf(inputShape) : hidden[i - 1]!;
      const layer = dense(parameters, `fc${i + 1}`, { inputs, outputs, image: i === 0 ? image : undefined });
      return sequence(layer, relu);
    });
    const last = dense(parameters, `fc${hidden.length + 1}`, { inputs: hidden.at(-1)!, outputs: numClasses });
    return { features: sequence(flatten, ...layers), head: (x) => last(x, {}) };
  },
});
