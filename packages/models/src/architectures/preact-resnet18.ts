import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { defineArchitecture } from '../architecture.js';
import { commonOptions, imageShape, size } from '../input-options.js';
import { batchNorm } from '../layers/batch-norm.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { averageOverImage, relu, sequence, type Layer } from '../layers/layer.js';
import type { Parameters } from '../layers/parameters.js';

const options = z.strictObject({
  inputShape: imageShape(32, 32, 3),
  width: size.default(64).describe('filters of the first stage; the others have 2, 4 and 8 times as many'),
  finalNorm: z
    .boolean()
    .default(true)
    .describe('batch normalisation and ReLU before the average, as in the robustness literature'),
  ...commonOptions(10),
});

/**
 * PreActResNet-18 for 32 x 32 images: normalisation and ReLU come before each convolution (He et
 * al. 2016, *Identity Mappings in Deep Residual Networks*, https://arxiv.org/abs/1603.05027). With
 * `finalNorm`, the default, it is the network of robust overfitting (Rice et al. 2020) and AWP (Wu
 * et al. 2020); without it the older one that has no normalisation at its end. `width` 64. Weights:
 * `conv1`, `layer1.0.bn1`, `layer1.0.conv1`, `layer1.0.bn2`, `layer1.0.conv2`, ...,
 * `layer2.0.shortcut.0`, ..., `bn`, `linear`. Initial values as PyTorch's layers.
 *
 * @example
 * ```ts
 * const cifar = { mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] };
 * const model = preactResnet18(cifar)(0); // seed 0
 * ```
 */
export const preactResnet18 = defineArchitecture({
  name: 'preact-resnet18',
  summary: 'PreActResNet-18 for 32 x 32 images: batch normalisation before each convolution.',
  paper: 'He et al. 2016, Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027',
  options,
  build({ inputShape, width, finalNorm, numClasses }, parameters) {
    const stem = conv2d(parameters, 'conv1', {
      inputs: inputShape[2],
      outputs: width,
      window: 3,
      padding: 1,
      bias: false,
    });
    const stages = [1, 2, 4, 8].flatMap((factor, i) => {
      const outputs = width * factor;
      const inputs = i === 0 ? width : outputs / 2;
      return [
        preactBlock(parameters, `layer${i + 1}.0`, inputs, outputs, i === 0 ? 1 : 2),
        preactBlock(parameters, `layer${i + 1}.1`, outputs, outputs, 1),
      ];
    });
    const end = finalNorm ? [batchNorm(parameters, 'bn', 8 * width), relu] : [];
    const linear = dense(parameters, 'linear', { inputs: 8 * width, outputs: numClasses });
    return { features: sequence(stem, ...stages, ...end, averageOverImage), head: (x) => linear(x, {}) };
  },
});

/**
 * With a = relu(bn1(x)): conv2(relu(bn2(conv1(a)))) + shortcut(a), or + x where the shape stays.
 */
function preactBlock(parameters: Parameters, name: string, inputs: number, outputs: number, stride: number): Layer {
  const convolution = (part: string, from: number, window: number, by: number) => {
    const padding = (window - 1) / 2;
    return conv2d(parameters, `${name}.${part}`, { inputs: from, outputs, window, stride: by, padding, bias: false });
  };
  const activate = sequence(batchNorm(parameters, `${name}.bn1`, inputs), relu);
  const first = convolution('conv1', inputs, 3, stride);
  const normalize = sequence(batchNorm(parameters, `${name}.bn2`, outputs), relu);
  const second = convolution('conv2', outputs, 3, 1);
  const shortcut = stride === 1 && inputs === outputs ? undefined : convolution('shortcut.0', inputs, 1, stride);
  return (x, how) => {
    const activated = activate(x, how);
    const residual = second(normalize(first(activated, how), how), how);
    return tf.add(residual, shortcut === undefined ? x : shortcut(activated, how));
  };
}
