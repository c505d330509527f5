import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { flattenedOf } from './flattened-of.js';
import { type WeightLayout, openWeightFile } from './weight-file.js';

/**
 * Puts the weights and buffers of a safetensors file into a model, by name. All or nothing: when one does not fit, none is changed.
 *
 * @param options `layout`: of the file, default `auto`; `name`: what messages call the file.
 * @throws AdvrobError `ADVROB_TENSOR_FILE` for a malformed file, `ADVROB_WEIGHTS_MISMATCH` for missing, surplus or misshapen weights,
 *   `ADVROB_WEIGHTS_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * const model = smallCnn()(0);
 * loadWeights(model, new Uint8Array(await (await fetch('mnist.safetensors')).arrayBuffer()));
 * ```
 */
export function loadWeights(
  model: Classifier,
  bytes: Uint8Array,
  { layout = 'auto', name: file = 'weights file' }: { layout?: WeightLayout; name?: string } = {},
): void {
  const weights = openWeightFile(bytes, layout, file);
  const flattened = flattenedOf(model);
  const targets = Object.entries({ ...model.weights, ...model.buffers });
  const values = targets.map(([name, { shape }]) => weights.take(name, shape, flattened[name]));
  weights.checkAllIn(targets.map(([name]) => name));
  targets.forEach(([, variable], i) => {
    const value = tf.tensor(values[i]!, variable.shape, variable.dtype);
    variable.assign(value);
    value.dispose();
  });
}
