import * as tf from '@tensorflow/tfjs-core';
import type { Initializer } from './initializers.js';

/**
 * `[height, width, channels]` of the image that a dense layer's input was flattened from; needed to
 * read PyTorch's channel-first weights.
 */
export type FlattenedImage = readonly [number, number, number];

/**
 * Gives the first value of a parameter: drawn by the initializer, or taken from a file. The tensor
 * becomes the parameters' to dispose.
 */
export type ParameterSource = (
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  image?: FlattenedImage,
) => tf.Tensor;

/** Owns all tensors of one model. */
export interface Parameters {
  readonly weights: Readonly<Record<string, tf.Variable>>;
  readonly buffers: Readonly<Record<string, tf.Variable>>;
  /** By parameter name: the image that the first axis of a dense kernel runs over. */
  readonly flattened: Readonly<Record<string, FlattenedImage>>;
  /** A trainable parameter. */
  weight(name: string, shape: readonly number[], initializer: Initializer, image?: FlattenedImage): tf.Variable;
  /** A saved but never trained parameter. */
  buffer(name: string, shape: readonly number[], initializer: Initializer): tf.Variable;
  /** A tensor that is neither trained nor saved and lives as long as the model. */
  constant(values: readonly number[]): tf.Tensor;
  dispose(): void;
}

/** An empty set of parameters that takes first values from `source`. */
export function createParameters(source: ParameterSource): Parameters {
  const weights: Record<string, tf.Variable> = {};
  const buffers: Record<string, tf.Variable> = {};
  const flattened: Record<string, FlattenedImage> = {};
  const constants: tf.Tensor[] = [];

  function add(into: Record<string, tf.Variable>, name: string, value: tf.Tensor): tf.Variable {
    // No name is given to tfjs: its variable names are global, and the same architecture must be
    // creatable twice.
    const variable = tf.variable(value, into === weights);
    value.dispose();
    into[name] = variable;
    return variable;
  }

  return {
    weights,
    buffers,
    flattened,
    weight(name, shape, initializer, image) {
      if (image !== undefined) flattened[name] = image;
      return add(weights, name, source(name, shape, initializer, image));
    },
    buffer: (name, shape, initializer) => add(buffers, name, source(name, shape, initializer)),
    constant(values) {
      const tensor = tf.keep(tf.tensor1d([...values]));
      constants.push(tensor);
      return tensor;
    },
    dispose() {
      for (const tensor of [...Object.values(weights), ...Object.values(buffers), ...constants]) tensor.dispose();
    },
  };
}
