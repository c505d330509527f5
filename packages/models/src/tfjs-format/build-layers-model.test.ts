import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { loadLayersModelFiles } from './layers-model-files.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** A model.json of Keras 2 with one layer, whose weights are these. */
async function outputOf(
  layer: object,
  x: tf.Tensor,
  weights: Record<string, readonly number[]> = {},
): Promise<number[]> {
  const specs = Object.entries(weights).map(([name, values]) => ({
    ...{ name, shape: values.length === 1 ? [] : [values.length] },
    dtype: name.endsWith('count') ? 'int32' : 'float32',
  }));
  const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, ...x.shape.slice(1)] } };
  const model_config = { class_name: 'Sequential', config: { name: 'model', layers: [input, layer] } };
  const weightsManifest = [{ paths: ['w.bin'], weights: specs }];
  const json = { modelTopology: { keras_version: '2.15.0', model_config }, weightsManifest };
  const bytes = new Uint8Array(Float32Array.from(Object.values(weights).flat()).buffer);
  const model = await loadLayersModelFiles(new TextEncoder().encode(JSON.stringify(json)), () => bytes);
  const y = model.predict(x) as tf.Tensor;
  const values = [...(await y.data())];
  disposeLayersModel(model);
  tf.dispose([x, y]);
  return values;
}

it("computes Keras' Normalization, adapted or with its numbers given", async () => {
  const layer = (config: object) => ({ class_name: 'Normalization', config: { name: 'norm', axis: [-1], ...config } });
  const x = () => tf.tensor3d([1, 1, 2, 0], [1, 2, 2]);
  const weights = { 'norm/mean': [0.5, 1], 'norm/variance': [0.0625, 4], 'norm/count': [0] };
  expect(await outputOf(layer({ mean: null, variance: null }), x(), weights)).toEqual([2, 0, 6, -0.5]);
  // As Keras keeps them when they were given.
  const given = { mean: [[[0.5, 1]]], variance: [[[0.0625, 4]]] };
  expect(await outputOf(layer(given), x())).toEqual([2, 0, 6, -0.5]);
  expect(await outputOf(layer({ ...given, invert: true }), x())).toEqual([0.75, 3, 1, 1]);
  expect(await outputOf(layer({ axis: null, mean: 1, variance: 0.25 }), x())).toEqual([0, 0, 2, -2]);
});

it('resizes by the centres of pixels, as Keras does', async () => {
  const x = () =>
    tf.tensor4d(
      Array.from({ length: 16 }, (_, i) => i),
      [1, 4, 4, 1],
    );
  const layer = (interpolation: string) => ({
    class_name: 'Resizing',
    config: { name: 'r', height: 2, width: 2, interpolation, crop_to_aspect_ratio: false },
  });
  expect(await outputOf(layer('bilinear'), x())).toEqual([2.5, 4.5, 10.5, 12.5]);
  expect(await outputOf(layer('nearest'), x())).toEqual([5, 7, 13, 15]);
});
