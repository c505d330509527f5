import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { createSession } from '@advrob/backend-onnxruntime/session';
import type { Classifier } from '@advrob/core';
import { readOnnx } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fromLayersModel } from '../adapters/from-layers-model.js';
import { smallModels } from '../../test/small-models.js';
import { exportClassifier, type ExportClassifierOptions } from './export.js';
import { fromOnnx } from './classifier.js';

/** Largest difference of the file in ONNX Runtime from the model, relative to the largest score. */
async function differenceInRuntime(model: Classifier, bytes: Uint8Array, options: ExportClassifierOptions = {}) {
  const { layout = 'NCHW', outputs = 'logits' } = options;
  const [x, fed, wanted] = tf.tidy(() => {
    const x = tf.randomUniform([4, ...model.inputShape], ...model.bounds, 'float32', 3);
    const logits = model.logits(x);
    const isTurned = layout === 'NCHW' && x.rank === 4;
    return [x, isTurned ? tf.transpose(x, [0, 3, 1, 2]) : x, outputs === 'logits' ? logits : tf.softmax(logits)];
  });
  const session = createSession(bytes);
  const feed = { type: 'float32', dims: fed.shape, data: (await fed.data()) as Float32Array } as const;
  const found = session.run({ input: feed })[outputs]!;
  const scores = (await wanted.data()) as Float32Array;
  session.dispose();
  tf.dispose([x, fed, wanted]);
  const largest = Math.max(...scores.map(Math.abs));
  return Math.max(...scores.map((score, i) => Math.abs(score - Number((found.data as Float32Array)[i])))) / largest;
}

/** Moves what is zero or one at the start, so that no part of a model is without an effect. */
function disturbed(model: Classifier): Classifier {
  let seed = 1;
  for (const variable of Object.values({ ...model.weights, ...model.buffers }) as tf.Variable[])
    tf.tidy(() => variable.assign(tf.add(variable, tf.randomUniform(variable.shape, 0.05, 0.2, 'float32', seed++))));
  return model;
}

describe.each(Object.entries(smallModels))('%s as an ONNX file', (_name, make) => {
  it.each([{}, { layout: 'NHWC' as const, outputs: 'probabilities' as const }])(
    'gives its scores in ONNX Runtime and in our import: %o',
    async (options) => {
      const before = tf.memory().numTensors;
      const model = disturbed(make(0));
      const bytes = await exportClassifier(model, options);
      expect(await differenceInRuntime(model, bytes, options)).toBeLessThan(1e-5);
      const again = await fromOnnx(readOnnx(bytes), {
        bounds: model.bounds,
        ...(model.inputShape.length === 3 && { layout: options.layout ?? 'NCHW' }),
      });
      const x = tf.randomUniform([2, ...model.inputShape], ...model.bounds, 'float32', 5);
      const gradients = [model, again].map((each) =>
        tf.tidy(() => tf.grad((at) => tf.sum(tf.mul(each.logits(at), tf.cos(tf.range(0, model.numClasses)))))(x)),
      );
      const [ours, theirs] = (await Promise.all(gradients.map((each) => each.data()))) as [Float32Array, Float32Array];
      const largest = Math.max(...ours.map(Math.abs));
      ours.forEach((value, i) => expect(Math.abs(value - theirs[i]!)).toBeLessThan(1e-4 * largest));
      tf.dispose([x, ...gradients]);
      model.dispose!();
      again.dispose!();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

it('names weights as the model does, turns no filter in the graph and takes any batch', async () => {
  const model = smallModels['small-cnn'](0);
  const { nodes, initializers, inputs, metadata, opsets } = readOnnx(await exportClassifier(model));
  expect([...initializers.keys()]).toEqual(expect.arrayContaining(Object.keys(model.weights)));
  expect(nodes.filter(({ operator }) => operator === 'Transpose').length).toBeLessThanOrEqual(1);
  expect(inputs[0]!.shape).toEqual(['batch', 1, 16, 16]);
  expect(metadata).toEqual({ 'advrob.bounds': '[0,1]' });
  expect(opsets.get('')).toBe(17);
  model.dispose!();
});

describe('a LayersModel', () => {
  const classifier = (...stack: layers.layers.Layer[]) => {
    const model = layers.sequential({ layers: stack });
    return fromLayersModel(model, { bounds: [0, 1] });
  };

  it('is written, with the layers of images', async () => {
    const model = disturbed(
      await classifier(
        layers.layers.conv2d({
          inputShape: [9, 8, 2],
          filters: 4,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          activation: 'elu',
        }),
        layers.layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: 'same' }),
        layers.layers.batchNormalization(),
        layers.layers.leakyReLU({ alpha: 0.1 }),
        layers.layers.upSampling2d({ size: [2, 2] }),
        layers.layers.zeroPadding2d({
          padding: [
            [1, 0],
            [0, 2],
          ],
        }),
        layers.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
        layers.layers.separableConv2d({ filters: 3, kernelSize: 2, activation: 'relu6' }),
        layers.layers.maxPooling2d({ poolSize: 2 }),
        layers.layers.dropout({ rate: 0.5 }),
        layers.layers.flatten(),
        layers.layers.layerNormalization(),
        layers.layers.dense({ units: 6, activation: 'tanh' }),
        layers.layers.dense({ units: 3 }),
      ),
    );
    const bytes = await exportClassifier(model);
    expect(await differenceInRuntime(model, bytes)).toBeLessThan(1e-5);
    model.dispose!();
  });

  it('is refused by the name of the layer that has no equivalent', async () => {
    const model = await classifier(
      layers.layers.conv3d({ inputShape: [3, 3, 3, 1], filters: 2, kernelSize: 2, name: 'volume' }),
      layers.layers.flatten(),
      layers.layers.dense({ units: 3 }),
    );
    await expect(exportClassifier(model)).rejects.toMatchObject({
      code: 'ADVROB_ONNX_OPERATOR',
      message: expect.stringContaining("the kernel Conv3D of layer 'volume'"),
    });
    model.dispose!();
  });
});
