import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { loadLayersModelFiles, saveLayersModelFiles } from './layers-model-files.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

it("refuses Keras' Normalization layer with the numbers to pass", async () => {
  const layers = tfl.sequential({
    layers: [
      tfl.layers.rescaling({ inputShape: [2, 2, 1], scale: 1, offset: 0 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
    ],
  });
  const files = new Map(await saveLayersModelFiles(layers));
  disposeLayersModel(layers);
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as {
    modelTopology: { config: { layers: { class_name: string; config: object }[] } };
    weightsManifest: { paths: string[]; weights: object[] }[];
  };
  const [first] = json.modelTopology.config.layers;
  first!.class_name = 'Normalization';
  first!.config = { ...first!.config, name: 'norm' };
  json.weightsManifest.push({
    paths: ['more.bin'],
    weights: ['mean', 'variance'].map((kind) => ({ name: `norm/${kind}`, shape: [1], dtype: 'float32' })),
  });
  files.set('more.bin', new Uint8Array(Float32Array.of(0.5, 0.0625).buffer));
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  await expect(loadLayersModelFiles(bytes, (path) => files.get(path)!)).rejects.toMatchObject({
    code: 'ADVROB_MODEL_FILE',
    message: expect.stringContaining('--mean 0.5 --std 0.25') as string,
  });
});
