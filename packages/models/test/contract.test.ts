import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { modelContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, it } from 'vitest';
import { fromFunction, fromLayersModel, twoLayer } from '../src/index.js';
import { smallModels } from './small-models.js';

describe.each(Object.entries(smallModels))('%s', (_name, make) => {
  for (const { name, run } of modelContract(() => make(3))) it(name, run);
});

describe('two-layer with a fixed second layer', () => {
  const make = twoLayer({ inputShape: [3], numClasses: 3, secondLayer: 'fixed', bias: false });
  for (const { name, run } of modelContract(() => make(3))) it(name, run);
});

const seeded = (seed: number) => tfl.initializers.heNormal({ seed });

/**
 * Ends in softmax, which the adapter cuts off; frees its layers with the adapter. Layers have
 * names, because tfjs counts up the ones it gives.
 */
async function adaptedLayers() {
  const layers = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: 'conv',
        inputShape: [6, 6, 1],
        filters: 2,
        kernelSize: 3,
        kernelInitializer: seeded(1),
      }),
      tfl.layers.batchNormalization({ name: 'norm' }),
      tfl.layers.reLU(),
      tfl.layers.flatten(),
      tfl.layers.dense({ name: 'last', units: 4, activation: 'softmax', kernelInitializer: seeded(2) }),
    ],
  });
  const model = await fromLayersModel(layers, { bounds: [0, 1], outputs: 'probabilities', mean: 0.5 });
  return {
    ...model,
    dispose() {
      model.dispose!();
      layers.dispose();
    },
  };
}

async function adaptedFunction() {
  const kernel = tf.tidy(() => tf.variable(tf.tensor2d([1, -2, 3, 0.5, 1, 0], [2, 3])));
  const model = await fromFunction((x) => tf.matMul(x as tf.Tensor2D, kernel as unknown as tf.Tensor2D), {
    inputShape: [2],
    bounds: [-1, 1],
    weights: { kernel },
  });
  return { ...model, dispose: () => kernel.dispose() };
}

describe('fromLayersModel', () => {
  for (const { name, run } of modelContract(adaptedLayers)) it(name, run);
});

describe('fromFunction', () => {
  for (const { name, run } of modelContract(adaptedFunction)) it(name, run);
});
