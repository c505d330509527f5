import * as tf from '@tensorflow/tfjs-core';
import { fanInUniform, type Initializer } from './initializers.js';
import type { Layer } from './layer.js';
import type { Parameters } from './parameters.js';

export interface Conv2dOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the square window. */
  readonly window: number;
  /** Default 1. */
  readonly stride?: number | undefined;
  /**
   * Zeros added on every side. Default 0. (`same` of tfjs pads unevenly at stride 2, PyTorch does
   * not.)
   */
  readonly padding?: number | undefined;
  /** Default true. */
  readonly bias?: boolean | undefined;
  /** Of the filter. Default PyTorch's uniform. */
  readonly filterInitializer?: Initializer | undefined;
  /** Default PyTorch's uniform with the filter's fan-in. */
  readonly biasInitializer?: Initializer | undefined;
}

/**
 * Convolution of x [n, h, w, inputs]; `name.weight` is the filter [window, window, inputs,
 * outputs], `name.bias` is [outputs].
 */
export function conv2d(parameters: Parameters, name: string, options: Conv2dOptions): Layer {
  const { inputs, outputs, window, stride = 1, padding = 0, bias = true } = options;
  const fanIn = window * window * inputs;
  const { filterInitializer = fanInUniform(fanIn), biasInitializer = fanInUniform(fanIn) } = options;
  const filter = parameters.weight(`${name}.weight`, [window, window, inputs, outputs], filterInitializer);
  const offset = bias ? parameters.weight(`${name}.bias`, [outputs], biasInitializer) : undefined;
  return (x) => {
    const sum = tf.conv2d(
      x as tf.Tensor4D,
      filter as unknown as tf.Tensor4D,
      stride,
      padding === 0 ? 'valid' : padding,
    );
    return offset === undefined ? sum : tf.add(sum, offset);
  };
}

/** Side of the output of a convolution or pooling window. */
export function windowedSize(side: number, window: number, stride = 1, padding = 0): number {
  return Math.floor((side + 2 * padding - window) / stride) + 1;
}
