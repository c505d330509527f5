import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { understandKeras } from './keras-options.js';
import { loadLayersModelFiles, saveLayersModelFiles } from './layers-model-files.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const layer = (class_name: string, config: object) => ({
  class_name,
  config: { name: class_name.toLowerCase(), trainable: true, dtype: 'float32', ...config },
});
/** A model.json of Keras with these layers, without weights. */
function keras(shape: readonly (number | null)[], layers: object[], version = '2.15.0'): Record<string, unknown> {
  const input = layer('InputLayer', { batch_input_shape: [null, ...shape], sparse: false, ragged: false });
  const model_config = { class_name: 'Sequential', config: { name: 's', layers: [input, ...layers] } };
  return { keras_version: version, backend: 'tensorflow', model_config };
}
async function outputs(topology: object, x: tf.Tensor): Promise<number[]> {
  const json = { format: 'layers-model', modelTopology: topology, weightsManifest: [] };
  const model = await loadLayersModelFiles(new TextEncoder().encode(JSON.stringify(json)), () => new Uint8Array());
  const y = model.predict(x) as tf.Tensor;
  const values = [...(await y.data())];
  tf.dispose([x, y]);
  disposeLayersModel(model);
  return values;
}
const row = () => tf.tensor2d([[-1, -0.5, 0.5, 2]]);

describe('options of Keras under other names', () => {
  // f(x) = x from the threshold on, slope (x - threshold) below.
  it.each([
    ['LeakyReLU of Keras 3', layer('LeakyReLU', { negative_slope: 0.1 }), [-0.1, -0.05, 0.5, 2]],
    ['LeakyReLU of Keras 2', layer('LeakyReLU', { alpha: 0.2 }), [-0.2, -0.1, 0.5, 2]],
    ['ReLU with a slope', layer('ReLU', { max_value: null, negative_slope: 0.1, threshold: 0 }), [-0.1, -0.05, 0.5, 2]],
    ['ReLU with a threshold', layer('ReLU', { max_value: null, negative_slope: 0, threshold: 1 }), [0, 0, 0, 2]],
    ['ReLU with a maximum', layer('ReLU', { max_value: 1, negative_slope: 0, threshold: 0 }), [0, 0, 0.5, 1]],
  ])('%s', async (_what, config, expected) => {
    const found = await outputs(keras([4], [config]), row());
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it('are understood in nested models too, and nothing is changed in place', async () => {
    const inner = {
      class_name: 'Sequential',
      config: {
        name: 'inner',
        layers: [
          layer('InputLayer', { batch_input_shape: [null, 4] }),
          layer('LeakyReLU', { negative_slope: 0.5, name: 'l' }),
        ],
      },
    };
    const topology = keras([4], [inner]);
    const copy = structuredClone(topology);
    expect(await outputs(topology, row())).toEqual([-0.5, -0.25, 0.5, 2]);
    expect(topology).toEqual(copy);
  });
});

const square = { kernel_size: [3, 3], strides: [1, 1], padding: 'valid', data_format: 'channels_last' };
describe('options that tfjs-layers would drop', () => {
  it.each([
    ['both slope and maximum', [4], layer('ReLU', { max_value: 6, negative_slope: 0.1 }), 'negative_slope = 0.1'],
    [
      'a dilated depthwise kernel',
      [5, 5, 1],
      layer('DepthwiseConv2D', { ...square, dilation_rate: [2, 2] }),
      'dilation_rate',
    ],
    [
      'bilinear upsampling',
      [2, 2, 1],
      layer('UpSampling2D', { size: [2, 2], interpolation: 'bilinear' }),
      'interpolation',
    ],
    [
      'output padding',
      [2, 2, 1],
      layer('Conv2DTranspose', { ...square, filters: 1, output_padding: [1, 1] }),
      'output_padding',
    ],
    [
      'a dilated transpose',
      [2, 2, 1],
      layer('Conv2DTranspose', { ...square, filters: 1, dilation_rate: [2, 2] }),
      'dilation_rate',
    ],
    ['groups', [4, 4, 2], layer('Conv2D', { ...square, filters: 2, groups: 2 }), 'groups = 2'],
    ['another scaling', [4], layer('LayerNormalization', { axis: -1, rms_scaling: true }), 'rms_scaling'],
    ['kept axes', [2, 2, 1], layer('GlobalAveragePooling2D', { keepdims: true }), 'keepdims'],
    ['what is not known yet', [4], layer('Dense', { units: 2, from_the_future: 1 }), 'from_the_future = 1'],
    ['a crop of small pictures', [4, 4, 1], layer('CenterCrop', { height: 2, width: 2 }), 'crop the data before'],
    ['resizing that keeps proportions', [4, 4, 1], layer('Resizing', { pad_to_aspect_ratio: true }), 'pad_to_aspect'],
    ['other resizing', [4, 4, 1], layer('Resizing', { interpolation: 'bicubic' }), 'bicubic'],
    ['causal filters', [4, 1], layer('Conv1D', { padding: 'causal' }), 'causal'],
    ['the newer GRU', [4, 1], layer('GRU', { units: 2, reset_after: true }), 'reset_after'],
  ])('%s: refused, with the layer', (_what, shape, config, words) => {
    expect(() => understandKeras('m', keras(shape, [config]))).toThrow(
      new RegExp(`layer '${config.config.name}'.*${words}.*ADVROB_MODEL_FILE`),
    );
  });

  it('not the hard sigmoid, which is another one in Keras 3', async () => {
    const model = (version: string) => keras([4], [layer('Activation', { activation: 'hard_sigmoid' })], version);
    const newer = await outputs(model('3.4.1'), row());
    [1 / 3, 5 / 12, 7 / 12, 5 / 6].forEach((value, i) => expect(newer[i]).toBeCloseTo(value, 6));
    expect(await outputs(model('2.15.0'), row())).toEqual([0.3, 0.4, 0.6, 0.9].map((value) => Math.fround(value)));
  });

  it('not what only training knows, or what is at its default', () => {
    const config = { axis: [1], epsilon: 0.001, center: true, scale: true, renorm: false, renorm_momentum: 0.99 };
    const understood = understandKeras('m', keras([4], [layer('BatchNormalization', config)]));
    expect(JSON.stringify(understood)).toContain('"axis":1');
  });

  it('a mask in front of an average', () => {
    const embedding = layer('Embedding', { input_dim: 5, output_dim: 2, mask_zero: true });
    const average = layer('GlobalAveragePooling1D', {});
    expect(() => understandKeras('m', keras([4], [embedding, average]))).toThrow(/'embedding' masks .*'globalaverage/);
    const open = layer('Embedding', { input_dim: 5, output_dim: 2, mask_zero: false });
    understandKeras('m', keras([4], [open, average]));
  });

  it('a mask in front of a layer that gives zeros for it', () => {
    const masking = layer('Masking', { mask_value: 0 });
    const lstm = (zeros: boolean) => layer('LSTM', { units: 2, zero_output_for_mask: zeros });
    expect(() => understandKeras('m', keras([4, 1], [masking, lstm(true)]))).toThrow(/'masking' masks .*'lstm'/);
    understandKeras('m', keras([4, 1], [masking, lstm(false)]));
    understandKeras('m', keras([4, 1], [lstm(true)]));
  });

  it('what a layer is called with', () => {
    const called = (kwargs: object) => ({
      ...layer('Dropout', { rate: 0.5 }),
      inbound_nodes: [[['input', 0, 0, kwargs]]],
    });
    expect(() => understandKeras('m', keras([4], [called({ training: true })]))).toThrow(/called with training = true/);
    understandKeras('m', keras([4], [called({ training: false })]));
  });
});

it('leaves what tfjs-layers wrote as it is: its options mean what it computes', async () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.upSampling2d({ inputShape: [2, 2, 1], interpolation: 'bilinear' }),
      tfl.layers.flatten(),
      tfl.layers.leakyReLU({ alpha: 0.1 }),
    ],
  });
  const files = await saveLayersModelFiles(model);
  const twin = await loadLayersModelFiles(files.get('model.json')!, () => new Uint8Array());
  const x = tf.tensor4d([-1, 1, 2, -3], [1, 2, 2, 1]);
  const [a, b] = [model.predict(x) as tf.Tensor, twin.predict(x) as tf.Tensor];
  expect(await b.data()).toEqual(await a.data());
  tf.dispose([x, a, b]);
});
