import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallModels } from '../../test/small-models.js';
import { fromLayersModel } from '../adapters/from-layers-model.js';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { mlp } from '../architectures/mlp.js';
import { checkClassifier } from './check-classifier.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** A sound classifier of two inputs with some of it replaced. */
function twoInputs(change: Partial<Classifier>): Classifier {
  return {
    inputShape: [2],
    numClasses: 2,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => tf.mul(x, 3)),
    ...change,
  };
}
const logits = (forward: (x: tf.Tensor) => tf.Tensor) => twoInputs({ logits: (x) => tf.tidy(() => forward(x)) });

it('passes a sound classifier', async () => {
  await checkClassifier(twoInputs({}));
});

it.each(Object.entries(smallModels))('passes %s as it is made', async (_, make) => {
  const model = make(1);
  await checkClassifier(model);
  model.dispose!();
});

it.each([
  ['bounds the wrong way round', twoInputs({ bounds: [1, 0] }), 'ADVROB_BOUNDS'],
  ['another number of classes', twoInputs({ numClasses: 3 }), 'ADVROB_SHAPE'],
  ['NaN scores', logits((x) => tf.log(tf.neg(x))), 'ADVROB_NOT_FINITE'],
  ['probabilities', logits((x) => tf.softmax(x)), 'ADVROB_PROBABILITIES'],
  [
    'scores that are rounded',
    logits((x) => tf.add(tf.mul(x, 1e-9), tf.round(tf.mul(x, 1000)))),
    'ADVROB_GRADIENT_WRONG',
  ],
  [
    'a wrong gradient',
    logits((x) =>
      tf.customGrad((z) => ({ value: tf.mul(z as tf.Tensor, 3), gradFunc: (dy: tf.Tensor) => tf.mul(dy, 2) }))(x),
    ),
    'ADVROB_GRADIENT_WRONG',
  ],
])('refuses %s', async (_, model, code) => {
  await expect(checkClassifier(model)).rejects.toMatchObject({ code });
});

it('names the gradient that is missing', async () => {
  const products = logits((x) => tf.cumprod(x, 1));
  await expect(checkClassifier(products)).rejects.toMatchObject({
    code: 'ADVROB_GRADIENT_MISSING',
    message: expect.stringContaining('Cumprod'),
  });
});

it('names the kernel that the backend lacks', async () => {
  const kernel = tf.getKernel('Conv2DBackpropInput', 'cpu')!;
  const filter = tf.ones<tf.Rank.R4>([1, 1, 2, 2]);
  const convolved = logits((x) =>
    tf.reshape(tf.conv2d(tf.reshape(x, [-1, 1, 1, 2]) as tf.Tensor4D, filter, 1, 'valid'), [-1, 2]),
  );
  tf.unregisterKernel('Conv2DBackpropInput', 'cpu');
  try {
    await expect(checkClassifier(convolved)).rejects.toMatchObject({
      code: 'ADVROB_GRADIENT_MISSING',
      message: expect.stringContaining("'cpu' lacks the kernel Conv2DBackpropInput"),
    });
  } finally {
    tf.registerKernel(kernel);
    filter.dispose();
  }
});

it.each([NaN, Infinity])('names the weight that holds %s', async (value) => {
  const model = mlp({ inputShape: [2], hidden: [2], numClasses: 2 })(0);
  const wrong = tf.tensor([0, value]);
  model.weights['fc1.bias']!.assign(wrong);
  await expect(checkClassifier(model)).rejects.toMatchObject({
    code: 'ADVROB_WEIGHTS_NOT_FINITE',
    message: expect.stringContaining("'fc1.bias' has 1 "),
  });
  wrong.dispose();
  model.dispose!();
});

describe('names what is wrong', () => {
  const wrong = (model: Classifier) => checkClassifier(model).then(String, (error: Error) => error.message);
  const kernel = tf.tidy(() => tf.tensor2d([1, -2, 3, 0.5, -1, 2], [2, 3]));
  const layersOf = async (...stack: tfl.layers.Layer[]) => {
    const model = tfl.sequential({ layers: stack });
    return { model: await fromLayersModel(model, { bounds: [0, 1] }), dispose: () => disposeLayersModel(model) };
  };
  const seeded = tfl.initializers.glorotUniform({ seed: 3 });

  it('a cut chain: the model reads its input back', async () => {
    const cut = twoInputs({
      numClasses: 3,
      logits: (x) => tf.tidy(() => tf.matMul(tf.tensor2d(x.dataSync(), [x.shape[0]!, 2]), kernel)),
    });
    expect(await wrong(cut)).toMatch(/No op leads from the input.*ADVROB_GRADIENT_WRONG/s);
  });

  it('a quantised input: the op and that it has no useful gradient', async () => {
    const quantised = twoInputs({
      numClasses: 3,
      logits: (x) => tf.tidy(() => tf.matMul(tf.div(tf.round(tf.mul(x, 255)), 255) as tf.Tensor2D, kernel)),
    });
    expect(await wrong(quantised)).toContain('The op Round has no useful gradient');
  });

  it('a gradient of a Keras layer: op and layer', async () => {
    const { model, dispose } = await layersOf(
      tfl.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, kernelInitializer: seeded }),
      tfl.layers.activation({ activation: 'elu', name: 'middle' }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, kernelInitializer: seeded }),
    );
    const config = tf.getGradient('Elu')!;
    tf.registerGradient({ ...config, gradFunc: (dy) => ({ x: () => tf.mul(dy as tf.Tensor, 2) }) });
    try {
      expect(await wrong(model)).toContain(`The gradient of the op Elu of layer 'middle' (Activation) is wrong`);
    } finally {
      tf.registerGradient(config);
    }
    expect(await wrong(model)).not.toContain('ADVROB');
    model.dispose!();
    dispose();
  });
});
