import * as tf from '@tensorflow/tfjs-core';
import { fanInUniform, type Initializer } from './initializers.js';
import type { Layer } from './layer.js';
import type { FlattenedImage, Parameters } from './parameters.js';

export interface DenseOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Default true. */
  readonly bias?: boolean | undefined;
  /** Of the kernel. Default PyTorch's uniform. */
  readonly kernelInitializer?: Initializer | undefined;
  /** Default PyTorch's uniform with the kernel's fan-in. */
  readonly biasInitializer?: Initializer | undefined;
  /** Whether the kernel is trained; the alternative keeps it as a buffer. Default true. */
  readonly trained?: boolean | undefined;
  /** The image that the inputs were flattened from. */
  readonly image?: FlattenedImage | undefined;
}

/**
 * y = x W + b for x [n, inputs]; `name.weight` is W [inputs, outputs], `name.bias` is b [outputs].
 */
export function dense(parameters: Parameters, name: string, options: DenseOptions): Layer {
  const { inputs, outputs, bias = true, trained = true, image } = options;
  const { kernelInitializer = fanInUniform(inputs), biasInitializer = fanInUniform(inputs) } = options;
  const kernel = trained
    ? parameters.weight(`${name}.weight`, [inputs, outputs], kernelInitializer, image)
    : parameters.buffer(`${name}.weight`, [inputs, outputs], kernelInitializer);
  const offset = bias ? parameters.weight(`${name}.bias`, [outputs], biasInitializer) : undefined;
  return (x) => {
    const product = tf.matMul(x as tf.Tensor2D, kernel as unknown as tf.Tensor2D);
    return offset === undefined ? product : tf.add(product, offset);
  };
}
