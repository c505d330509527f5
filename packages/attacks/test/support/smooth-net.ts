import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';

/** Nested lists of numbers, as PyTorch's `tolist` gives them. */
export type Nested = number | readonly Nested[];

export interface SmoothWeights {
  readonly filters: Nested;
  readonly filter_bias: Nested;
  readonly kernel: Nested;
  readonly bias: Nested;
}

/** A fixture that a script of tooling/oracle/attacks wrote. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

export function tensorOf(values: Nested, dtype: 'float32' | 'int32' = 'float32'): tf.Tensor {
  return tf.tensor(values as tf.TensorLike, undefined, dtype);
}

/** The network of tooling/oracle/attacks/smooth_net.py. */
export function smoothNet(weights: SmoothWeights): Classifier {
  const filters = tensorOf(weights.filters) as tf.Tensor4D;
  const filterBias = tensorOf(weights.filter_bias);
  const kernel = tensorOf(weights.kernel) as tf.Tensor2D;
  const bias = tensorOf(weights.bias);
  return {
    inputShape: [6, 6, 2],
    numClasses: bias.shape[0]!,
    bounds: [0, 1],
    weights: {},
    logits: (x) =>
      tf.tidy(() => {
        const features = tf.tanh(tf.add(tf.conv2d(x as tf.Tensor4D, filters, 1, 'same'), filterBias)) as tf.Tensor4D;
        const pooled = tf.avgPool(features, 2, 2, 'valid');
        return tf.add(tf.matMul(tf.reshape(pooled, [x.shape[0]!, -1]), kernel), bias);
      }),
  };
}

/** The same model, which notes the inputs of its forward passes. */
export function recorded(model: Classifier): { readonly model: Classifier; readonly inputs: Float32Array[] } {
  const inputs: Float32Array[] = [];
  return {
    inputs,
    model: {
      ...model,
      logits: (x, how) => {
        inputs.push(x.dataSync() as Float32Array);
        return model.logits(x, how);
      },
    },
  };
}

/** Largest difference of two lists of values. */
export function largestDifference(found: ArrayLike<number>, wanted: Nested): number {
  const values = (Array.isArray(wanted) ? wanted.flat(Infinity) : [wanted]) as number[];
  if (found.length !== values.length) return Infinity;
  return values.reduce((most, value, i) => Math.max(most, Math.abs(found[i]! - value)), 0);
}
