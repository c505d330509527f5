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
  ...commonOptions(10),
});

/**
 * ResNet-18 for 32 x 32 images, as the robustness literature uses it: a 3x3 convolution instead of
 * the 7x7 one with pooling, then four stages of two basic blocks (He et al. 2016, *Deep Residual
 * Learning for Image Recognition*, https://arxiv.org/abs/1512.03385), global average pooling,
 * dense. `width` 64. Weights: `conv1`, `bn1`, `layer1.0.conv1`, `layer1.0.bn1`, ...,
 * `layer2.0.shortcut.0` (convolution), `layer2.0.shortcut.1` (batch norm), ..., `linear`; buffers:
 * `running_mean` and `running_var` of each batch norm. Initial values as PyTorch's layers.
 *
 * @example
 * ```ts
 * const cifar = { mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] };
 * const model = resnet18(cifar)(0); // seed 0
 * ```
 */
export const resnet18 = defineArchitecture({
  name: 'resnet18',
  summary: 'ResNet-18 with a 3x3 stem for 32 x 32 images, with batch normalisation.',
  paper: 'He et al. 2016, Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385',
  options,
  build({ inputShape, width, numClasses }, parameters) {
    const stem = normalizedConvolution(parameters, { conv: 'conv1', bn: 'bn1', inputs: inputShape[2], outputs: width });
    const stages = [1, 2, 4, 8].flatMap((factor, i) => {
      const outputs = width * factor;
      const inputs = i === 0 ? width : outputs / 2;
      const stride = i === 0 ? 1 : 2;
      return [
        basicBlock(parameters, `layer${i + 1}.0`, inputs, outputs, stride),
        basicBlock(parameters, `layer${i + 1}.1`, outputs, outputs, 1),
      ];
    });
    const linear = dense(parameters, 'linear', { inputs: 8 * width, outputs: numClasses });
    return { features: sequence(stem, relu, ...stages, averageOverImage), head: (x) => linear(x, {}) };
  },
});

/** relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)) */
function basicBlock(parameters: Parameters, name: string, inputs: number, outputs: number, stride: number): Layer {
  const part = (index: number) => ({ conv: `${name}.conv${index}`, bn: `${name}.bn${index}`, outputs });
  const first = normalizedConvolution(parameters, { ...part(1), inputs, stride });
  const second = normalizedConvolution(parameters, { ...part(2), inputs: outputs });
  const shortcut =
    stride === 1 && inputs === outputs
      ? undefined
      : normalizedConvolution(parameters, {
          conv: `${name}.shortcut.0`,
          bn: `${name}.shortcut.1`,
          inputs,
          outputs,
          stride,
          window: 1,
        });
  return (x, how) => {
    const residual = second(tf.relu(first(x, how)), how);
    return tf.relu(tf.add(residual, shortcut === undefined ? x : shortcut(x, how)));
  };
}

interface NormalizedConvolution {
  readonly conv: string;
  readonly bn: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride?: number;
  readonly window?: number;
}

/** A convolution without bias that keeps the size (at stride 1), then batch normalisation. */
function normalizedConvolution(parameters: Parameters, options: NormalizedConvolution): Layer {
  const { conv, bn, inputs, outputs, stride = 1, window = 3 } = options;
  const padding = (window - 1) / 2;
  const convolve = conv2d(parameters, conv, { inputs, outputs, window, stride, padding, bias: false });
  return sequence(convolve, batchNorm(parameters, bn, outputs));
}
