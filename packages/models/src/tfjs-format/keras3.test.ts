import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { loadLayersModelFiles } from './layers-model-files.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
interface Layer {
  readonly module: string;
  readonly class_name: string;
  readonly registered_name: string | null;
  readonly config: Record<string, unknown> & { name: string };
}
const layer = (
  class_name: string,
  config: object,
  module = 'keras.layers',
  registered: string | null = null,
): Layer => ({
  module,
  class_name,
  registered_name: registered,
  config: { name: class_name.toLowerCase(), trainable: true, dtype, ...config },
});
const input = (shape: readonly number[]): Layer =>
  layer('InputLayer', { name: 'in', batch_shape: [null, ...shape], dtype: 'float32', sparse: false, optional: false });
const dense = (name: string, units: number, activation: unknown = 'linear'): Layer =>
  layer('Dense', {
    ...{ name, units, activation, use_bias: true, quantization_config: null },
    kernel_initializer: { module: 'keras.initializers', class_name: 'GlorotUniform', config: { seed: null } },
    kernel_regularizer: { module: 'mine', class_name: 'Mine', config: {}, registered_name: 'Mine>Mine' },
  });
const sequential = (layers: readonly object[], name = 'sequential') =>
  layer('Sequential', { name, layers, build_input_shape: [null, 4] }, 'keras');

const tensor = (from: string, shape: readonly number[], node = 0) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, ...shape], dtype: 'float32', keras_history: [from, node, 0] },
});
/** A layer that is called with these arguments. */
const called = (one: Layer, args: readonly unknown[], kwargs: object = {}) => ({
  ...one,
  name: one.config.name,
  inbound_nodes: args.length === 0 ? [] : [{ args, kwargs }],
});
const functional = (layers: readonly object[], output: string) =>
  layer('Functional', { name: 'f', layers, input_layers: ['in', 0, 0], output_layers: [output, 0, 0] }, 'keras');

type Named = readonly (readonly [name: string, shape: readonly number[]])[];
/** A model.json of Keras 3 whose weights count up in tenths through the whole file. */
async function outputs(model: object, named: Named, x: tf.Tensor): Promise<number[]> {
  const weights = named.map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const size = named.reduce((sum, [, shape]) => sum + shape.reduce((product, side) => product * side, 1), 0);
  const json = {
    format: 'layers-model',
    modelTopology: { keras_version: '3.4.1', backend: 'tensorflow', model_config: model },
    weightsManifest: [{ paths: ['w.bin'], weights }],
  };
  const bytes = new Uint8Array(Float32Array.from({ length: size }, (_, i) => (i + 1) / 10).buffer);
  try {
    const layers = await loadLayersModelFiles(new TextEncoder().encode(JSON.stringify(json)), () => bytes);
    const y = layers.predict(x) as tf.Tensor;
    const values = [...(await y.data())];
    y.dispose();
    disposeLayersModel(layers);
    return values;
  } finally {
    x.dispose();
  }
}
const row = () => tf.tensor2d([[1, 0, -1, 2]]);

describe('a model.json of Keras 3', () => {
  const two = [dense('dense', 2, 'relu'), dense('dense_1', 2)];
  // h = relu(x W + b) with W counting 0.1 .. 0.8 and b = [0.9, 1]; then W 1.1 .. 1.4 and b = [1.5, 1.6].
  const h = [0.1 - 0.5 + 1.4 + 0.9, 0.2 - 0.6 + 1.6 + 1];
  const right = [1.1 * h[0]! + 1.3 * h[1]! + 1.5, 1.2 * h[0]! + 1.4 * h[1]! + 1.6];
  const weights = (front: string): Named => [
    [`${front}dense/kernel`, [4, 2]],
    [`${front}dense/bias`, [2]],
    [`${front}dense_1/kernel`, [2, 2]],
    [`${front}dense_1/bias`, [2]],
  ];

  it.each(['', 'sequential/'])("Sequential, weights called '%sdense/kernel'", async (front) => {
    const found = await outputs(sequential([input([4]), ...two]), weights(front), row());
    found.forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 5));
  });

  it('Functional', async () => {
    const layers = [
      called(input([4]), []),
      called(two[0]!, [tensor('in', [4])]),
      called(two[1]!, [tensor('dense', [2])]),
    ];
    const found = await outputs(functional(layers, 'dense_1'), weights(''), row());
    found.forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 5));
  });

  it('models inside whose layers have the same names, and weights in another order', async () => {
    const block = (name: string) => sequential([input([4]), dense('dense', 4)], name);
    const all: Named = [
      ['b/dense/bias', [4]],
      ['b/dense/kernel', [4, 4]],
      ['a/dense/kernel', [4, 4]],
      ['a/dense/bias', [4]],
    ];
    const found = await outputs(sequential([input([4]), block('a'), block('b')]), all, row());
    const values = Float32Array.from({ length: 40 }, (_, i) => (i + 1) / 10);
    const apply = (x: readonly number[], kernel: number, bias: number) =>
      [0, 1, 2, 3].map((j) =>
        x.reduce((sum, value, i) => sum + value * values[kernel + 4 * i + j]!, values[bias + j]!),
      );
    const expected = apply(apply([1, 0, -1, 2], 20, 36), 4, 0);
    found.forEach((value, i) => expect(value / expected[i]!).toBeCloseTo(1, 5));
  });

  it('operations between layers', async () => {
    const op = (name: string, args: readonly unknown[]) =>
      called({ ...layer(name, {}, 'keras.src.ops.numpy', name), config: { name: name.toLowerCase() } }, args);
    const layers = [
      called(input([4]), []),
      op('TrueDivide', [tensor('in', [4]), 4]),
      op('Add', [tensor('truedivide', [4]), tensor('in', [4])]),
    ];
    expect(await outputs(functional(layers, 'add'), [], row())).toEqual([1.25, 0, -1.25, 2.5]);
  });

  it('activations, as Keras computes them', async () => {
    const path = new URL('../../test/fixtures/keras/outputs.json', import.meta.url);
    const { activations } = JSON.parse(await readFile(path, 'utf8')) as { activations: Record<string, number[]> };
    const x = [-7, -3.5, -1, -0.4, 0, 0.3, 1.2, 3.5, 8];
    for (const [activation, expected] of Object.entries(activations)) {
      const model = sequential([input([9]), layer('Activation', { name: 'a', activation })]);
      const found = await outputs(model, [], tf.tensor2d([x]));
      const scale = Math.max(1, ...expected.map(Math.abs));
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!) / scale, activation).toBeLessThan(2e-6));
    }
  });

  it.each<[string, object, Named, string]>([
    ['a class of their own', layer('Mine', {}, 'mine', 'Pack>Mine'), [], "layer 'mine' is Pack>Mine"],
    ['a layer that is not known', layer('UnitNormalization', { axis: -1 }), [], "layer 'unitnormalization' is Unit"],
    ['attention', layer('MultiHeadAttention', { num_heads: 2 }), [], "layer 'multiheadattention' is MultiHead"],
    ['an activation', dense('d', 2, 'sparsemax'), [], `layer 'd' has the activation "sparsemax"`],
    [
      'a function of their own',
      dense('d', 2, { module: 'mine', class_name: 'function', config: 'f', registered_name: 'f' }),
      [],
      "layer 'd' has the activation",
    ],
    [
      'eight bits',
      layer('Dense', {
        name: 'd',
        units: 2,
        dtype: { module: 'keras', class_name: 'QuantizedDTypePolicy', config: { mode: 'int8' } },
      }),
      [],
      "layer 'd' computes in",
    ],
    ['a new option', layer('Dense', { name: 'd', units: 2, lora_rank: 4 }), [], "layer 'd' .* lora_rank = 4"],
    ['a newer GRU', layer('GRU', { name: 'g', units: 2, reset_after: true }), [], "layer 'g' .* reset_after = true"],
    ['causal filters', layer('Conv1D', { name: 'c', filters: 1, kernel_size: [2], padding: 'causal' }), [], 'causal'],
    ['a weight too few', dense('d', 2), [['d/kernel', [4, 2]]], "layer 'd' has a weight of shape"],
    [
      'a weight too many',
      dense('d', 2),
      [
        ['d/kernel', [4, 2]],
        ['d/bias', [2]],
        ['e/bias', [2]],
      ],
      "'e/bias' belongs to no",
    ],
    [
      'another shape',
      dense('d', 2),
      [
        ['d/kernel', [2, 4]],
        ['d/bias', [2]],
      ],
      'shape',
    ],
  ])('refuses %s by name', async (_what, one, named, words) => {
    await expect(outputs(sequential([input([4]), one]), named, row())).rejects.toThrow(
      new RegExp(`${words}.*MODEL_FILE`),
    );
  });

  it.each<[string, object[], string]>([
    [
      'an operation',
      [called(layer('Einsum', {}, 'keras.src.ops.numpy'), [tensor('in', [4]), tensor('in', [4])])],
      "'einsum' is the operation Einsum",
    ],
    [
      'a sum of other shapes',
      [called(layer('Add', {}, 'keras.src.ops.numpy'), [tensor('in', [4]), tensor('in', [1])])],
      "'add' is the operation Add",
    ],
    [
      'two inputs of one layer',
      [called(dense('d', 2), [tensor('in', [4]), tensor('in', [4])])],
      "layer 'd' .Dense. is called with something",
    ],
    [
      'training',
      [called(layer('Dropout', { rate: 0.5 }), [tensor('in', [4])], { training: true })],
      "layer 'dropout' is called with training",
    ],
  ])('refuses %s by name', async (_what, layers, words) => {
    const last = (layers.at(-1) as { name: string }).name;
    const model = functional([called(input([4]), []), ...layers], last);
    await expect(outputs(model, [], row())).rejects.toThrow(new RegExp(`${words}.*MODEL_FILE`));
  });

  it('refuses weights that may be of two layers', async () => {
    const block = (name: string) => sequential([input([4]), dense('dense', 4)], name);
    const all: Named = [
      ['dense/kernel', [4, 4]],
      ['dense/bias', [4]],
    ];
    const model = sequential([input([4]), block('a'), block('b')]);
    await expect(outputs(model, [...all, ['b/dense/kernel', [4, 4]], ['b/dense/bias', [4]]], row())).rejects.toThrow(
      /'dense\/kernel' may be of '.*a\/dense' or '.*b\/dense'/,
    );
  });
});
