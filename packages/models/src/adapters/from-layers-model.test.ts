import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkClassifier } from '../checks/check-classifier.js';
import { fromLayersModel } from './from-layers-model.js';
import { disposeLayersModel } from './layers-variables.js';

const bounds = [0, 1] as const;
const kernelInitializer = () => tfl.initializers.heNormal({ seed: 5 });

function network(...ends: tfl.layers.Layer[]): tfl.Sequential {
  const body = [
    tfl.layers.conv2d({
      inputShape: [6, 6, 1],
      filters: 2,
      kernelSize: 3,
      activation: 'relu',
      kernelInitializer: kernelInitializer(),
    }),
    tfl.layers.flatten(),
    tfl.layers.dense({ units: 8, activation: 'relu', kernelInitializer: kernelInitializer() }),
  ];
  return tfl.sequential({ layers: [...body, ...ends] });
}
const softmaxInside = () =>
  network(tfl.layers.dense({ units: 4, activation: 'softmax', kernelInitializer: kernelInitializer() }));
const softmaxBehind = () =>
  network(tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }), tfl.layers.softmax());
const activationBehind = () =>
  network(
    tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }),
    tfl.layers.activation({ activation: 'softmax' }),
  );
const nested = () => tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [6, 6, 1] }), softmaxOf36()] });
const softmaxOf36 = () =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [36], units: 4, activation: 'softmax', kernelInitializer: kernelInitializer() }),
    ],
  });

/** As Teachable Machine saves them. */
const teachable = () => {
  const features = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [6, 6, 1] })] });
  return tfl.sequential({ layers: [features, tfl.sequential({ layers: [softmaxOf36()] })] });
};

const beforeReshape = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 1], filters: 4, kernelSize: 6, activation: 'softmax' }),
      tfl.layers.flatten(),
    ],
  });
const shared = () => {
  const [input, softmax] = [tfl.input({ shape: [6, 6, 1] }), tfl.layers.softmax()];
  const dense = () => tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() });
  const attention = softmax.apply(dense().apply(tfl.layers.flatten().apply(input)));
  return tfl.model({ inputs: input, outputs: softmax.apply(dense().apply(attention)) as tfl.SymbolicTensor });
};
const twice = () => network(tfl.layers.dense({ units: 4, activation: 'softmax' }), tfl.layers.softmax());

/**
 * Whether the model's logits belong to the probabilities of the layers, and whether they are those
 * probabilities' logarithms themselves.
 */
async function compare(model: Classifier, layers: tfl.LayersModel): Promise<{ isLogProbability: boolean }> {
  const x = images();
  const logits = model.logits(x);
  const [found, expected] = [tf.softmax(logits), layers.predict(x) as tf.Tensor];
  const probabilities = await expected.data();
  (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(probabilities[i]!, 6));
  const sums = await tf.tidy(() => tf.sum(tf.exp(logits), 1)).data();
  tf.dispose([x, logits, found, expected]);
  return { isLogProbability: [...sums].every((sum) => Math.abs(sum - 1) < 1e-4) };
}

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const images = () => tf.randomUniform([5, 6, 6, 1], 0, 1, 'float32', 3);

describe('fromLayersModel', () => {
  it('gives the scores of a model without an activation, in one batch', async () => {
    const layers = network(tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }));
    const model = await fromLayersModel(layers, { bounds });
    const x = images();
    const [found, expected] = [model.logits(x), layers.predict(x) as tf.Tensor];
    expect(await found.data()).toEqual(await expected.data());
    expect(model).toMatchObject({ inputShape: [6, 6, 1], numClasses: 4, bounds });
    const names = Object.keys(model.weights).map((name) => name.split('/')[1]);
    expect(names).toEqual(['kernel', 'bias', 'kernel', 'bias', 'kernel', 'bias']);
    await checkClassifier(model);
    tf.dispose([x, found, expected]);
    layers.dispose();
  });

  it.each([
    ['softmax inside the last dense layer', softmaxInside],
    ['a softmax layer', softmaxBehind],
    ['an activation layer', activationBehind],
    ['the softmax of a nested model', nested],
    ['the softmax of a model behind a model', teachable],
  ])('%s is cut off, unless it was said that there is none', async (_, make) => {
    const layers = make();
    await expect(fromLayersModel(layers, { bounds, outputs: 'logits' })).rejects.toMatchObject({
      code: 'ADVROB_PROBABILITIES',
      message: expect.stringContaining('its last activation is softmax') as string,
    });
    for (const said of [{}, { outputs: 'probabilities' as const }]) {
      const model = await fromLayersModel(layers, { bounds, ...said });
      const { isLogProbability } = await compare(model, layers);
      expect(isLogProbability).toBe(false);
      expect(model.head).toBeDefined();
      await checkClassifier(model);
    }
    tf.disposeVariables();
    before = tf.memory().numTensors;
  });

  it.each([
    ['a softmax before a reshape', beforeReshape, /rows of outputs are not negative and sum to 1/],
    ['a softmax layer that is used twice', shared, /its last activation is softmax/],
    ['a softmax of a softmax', twice, /rows of outputs are not negative and sum to 1/],
  ])('%s is refused, or on request turned into logits', async (_, make, says) => {
    const layers = make();
    await expect(fromLayersModel(layers, { bounds })).rejects.toThrow(says);
    await expect(fromLayersModel(layers, { bounds })).rejects.toThrow(/outputs: 'probabilities'.*ADVROB_PROBABILITIES/);
    await compare(await fromLayersModel(layers, { bounds, outputs: 'probabilities' }), layers);
    tf.disposeVariables();
    before = tf.memory().numTensors;
  });

  it('a sigmoid at the end is refused, or on request cut off: its scores belong to no distribution', async () => {
    const layers = network(
      tfl.layers.dense({ units: 4, activation: 'sigmoid', kernelInitializer: kernelInitializer() }),
    );
    await expect(fromLayersModel(layers, { bounds })).rejects.toThrow(/its last activation is sigmoid/);
    const model = await fromLayersModel(layers, { bounds, outputs: 'probabilities' });
    const x = images();
    const [found, expected] = [tf.tidy(() => tf.sigmoid(model.logits(x))), layers.predict(x) as tf.Tensor];
    const scores = await expected.data();
    (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(scores[i]!, 6));
    tf.dispose([x, found, expected]);
    layers.dispose();
  });

  it('a single sigmoid becomes two logits [0, z], whose difference is its score', async () => {
    const sigmoid = network(
      tfl.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: kernelInitializer() }),
    );
    const linear = network(tfl.layers.dense({ units: 1, kernelInitializer: kernelInitializer() }));
    const reshaped = network(
      tfl.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: kernelInitializer() }),
      tfl.layers.reshape({ targetShape: [1] }),
    );
    await expect(fromLayersModel(linear, { bounds })).rejects.toThrow(/outputs: 'logits'.*ADVROB_SHAPE/);
    const x = images();
    const predicted = sigmoid.predict(x) as tf.Tensor;
    const expected = await predicted.data();
    for (const model of [
      await fromLayersModel(sigmoid, { bounds }),
      await fromLayersModel(sigmoid, { bounds, outputs: 'probabilities' }),
      await fromLayersModel(linear, { bounds, outputs: 'logits' }),
      await fromLayersModel(reshaped, { bounds, outputs: 'probabilities' }),
    ]) {
      expect(model.numClasses).toBe(2);
      const logits = model.logits(x);
      const ofOne = tf.tidy(() => tf.slice(tf.softmax(logits), [0, 1], [-1, 1]));
      (await ofOne.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
      ofOne.dispose();
      if (model.head) {
        const whole = tf.tidy(() => model.head!(model.features!(x)));
        expect(await whole.data()).toEqual(await logits.data());
        whole.dispose();
      }
      logits.dispose();
    }
    tf.dispose([x, predicted]);
    for (const layers of [sigmoid, linear, reshaped]) disposeLayersModel(layers);
  });

  it('fills open sides from the data, and lays images of one channel out as rows', async () => {
    const rows = tfl.sequential({
      layers: [tfl.layers.dense({ inputShape: [36], units: 3, kernelInitializer: kernelInitializer() })],
    });
    const model = await fromLayersModel(rows, { bounds, inputShape: [6, 6, 1] });
    const x = images();
    const [found, expected] = [model.logits(x), tf.tidy(() => rows.predict(tf.reshape(x, [5, 36])) as tf.Tensor)];
    expect(model.inputShape).toEqual([6, 6, 1]);
    expect(await found.data()).toEqual(await expected.data());
    const told = (inputShape: number[]) => fromLayersModel(rows, { bounds, inputShape });
    await expect(told([3, 4, 3])).rejects.toThrow(/several orders.*ADVROB_SHAPE/);
    await expect(told([5, 6, 1])).rejects.toThrow(/takes inputs \[36\], not \[5, 6, 1\].*ADVROB_SHAPE/);
    const open = tfl.sequential({
      layers: [
        tfl.layers.globalAveragePooling2d({ batchInputShape: [null, null, null, 1] }),
        tfl.layers.dense({ units: 2 }),
      ],
    });
    await expect(fromLayersModel(open, { bounds })).rejects.toThrow(/\[open, open, 1\] is not fixed/);
    expect((await fromLayersModel(open, { bounds, inputShape: [6, 6, 1] })).inputShape).toEqual([6, 6, 1]);
    tf.dispose([x, found, expected]);
    rows.dispose();
    open.dispose();
  });

  it('refuses a mean for other channels, and a model that cannot be run', async () => {
    const layers = network(tfl.layers.dense({ units: 4 }));
    await expect(fromLayersModel(layers, { bounds, mean: [0.5, 0.5, 0.5] })).rejects.toThrow(/mean: .*ADVROB_OPTION/);
    await expect(fromLayersModel(layers, { bounds, std: 0 })).rejects.toThrow(/std: .*ADVROB_OPTION/);
    layers.dispose();
    const over = tfl.sequential({
      layers: [tfl.layers.softmax({ inputShape: [2, 3], axis: 1 }), tfl.layers.flatten()],
    });
    await expect(fromLayersModel(over, { bounds })).rejects.toThrow(/forward pass fails: .*ADVROB_MODEL/s);
    over.dispose();
  });

  it('normalises inside', async () => {
    const layers = network(tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }));
    const model = await fromLayersModel(layers, { bounds, mean: 0.5, std: [0.25] });
    const x = images();
    const scaled = tf.tidy(() => tf.div(tf.sub(x, 0.5), 0.25));
    const [found, expected] = [model.logits(x), layers.predict(scaled) as tf.Tensor];
    expect(await found.data()).toEqual(await expected.data());
    tf.dispose([x, scaled, found, expected]);
    model.dispose!();
    layers.dispose();
  });

  it('runs batch norm with moving, batch and untouched statistics', async () => {
    const layers = network(
      tfl.layers.batchNormalization({}),
      tfl.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }),
    );
    const model = await fromLayersModel(layers, { bounds });
    const x = images();
    const statistics = () => Promise.all(Object.values(model.buffers!).map((buffer) => buffer.data()));
    const initial = await statistics();
    const outputs = [model.logits(x), model.logits(x, { mode: 'probe' })];
    expect(await statistics()).toEqual(initial);
    outputs.push(model.logits(x, { mode: 'train' }));
    expect(await statistics()).not.toEqual(initial);
    const [evaluated, probed, trained] = await Promise.all(outputs.map((output) => output.data()));
    expect(probed).toEqual(trained);
    expect(probed).not.toEqual(evaluated);
    tf.dispose([x, ...outputs]);
    layers.dispose();
  });

  it('refuses two inputs and open sizes', async () => {
    const inputs = [tfl.input({ shape: [2] }), tfl.input({ shape: [2] })];
    const two = tfl.model({ inputs, outputs: tfl.layers.add().apply(inputs) as tfl.SymbolicTensor });
    await expect(fromLayersModel(two, { bounds })).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
    const input = tfl.input({ shape: [null, 3] });
    const open = tfl.model({
      inputs: input,
      outputs: tfl.layers.globalMaxPooling1d({}).apply(input) as tfl.SymbolicTensor,
    });
    await expect(fromLayersModel(open, { bounds })).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
    await expect(fromLayersModel(open, { bounds, inputShape: [4, 3] })).resolves.toMatchObject({ numClasses: 3 });
  });
});

const rescaled = (scale: number, offset: number) =>
  tfl.sequential({
    layers: [
      tfl.layers.rescaling({ inputShape: [2, 2, 1], scale, offset }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.heNormal({ seed: 4 }) }),
    ],
  });

describe('a model that divides bytes itself', () => {
  it.each([
    [1 / 255, 0, [0, 1], 255],
    [1 / 127.5, -1, [0, 1], 255],
    [1 / 255, 0, [0, 255], 1],
    [2, -1, [0, 1], 1],
  ] as const)('Rescaling(%d, %d) within %j gets its inputs times %d', async (scale, offset, bounds, factor) => {
    const layers = rescaled(scale, offset);
    const model = await fromLayersModel(layers, { bounds });
    const x = tf.randomUniform([3, 2, 2, 1], bounds[0], bounds[1], 'float32', 1);
    const inputs = tf.mul(x, factor);
    const [found, expected] = [model.logits(x), layers.predict(inputs) as tf.Tensor];
    const values = await expected.data();
    (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
    tf.dispose([x, inputs, found, expected]);
    model.dispose!();
    disposeLayersModel(layers);
  });
});
