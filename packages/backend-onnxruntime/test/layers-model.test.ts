import { mnist } from '@advrob/datasets';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { stats } from '../src/index.js';
import '../src/register.js';

const trainingSize = 1920;
const testSize = 500;
const batchSize = 32;

interface Examples {
  x: tf.Tensor;
  y: tf.Tensor;
}

async function digits(part: 'train' | 'test', size: number): Promise<Examples> {
  const splits = await mnist();
  for await (const { x, y } of splits[part].batches({ size })) return { x, y: tf.oneHot(y as tf.Tensor1D, 10) };
  throw new Error('MNIST is empty');
}

function network(): layers.LayersModel {
  const start = (seed: number) => layers.initializers.heNormal({ seed });
  const model = layers.sequential();
  model.add(
    layers.layers.conv2d({
      inputShape: [28, 28, 1],
      filters: 6,
      kernelSize: 5,
      strides: 3,
      activation: 'relu',
      kernelInitializer: start(1),
    }),
  );
  model.add(layers.layers.batchNormalization());
  model.add(
    layers.layers.conv2d({ filters: 12, kernelSize: 3, padding: 'same', strides: 2, kernelInitializer: start(2) }),
  );
  model.add(layers.layers.batchNormalization());
  model.add(layers.layers.reLU());
  model.add(layers.layers.flatten());
  model.add(layers.layers.dropout({ rate: 0.25, seed: 3 }));
  model.add(layers.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: start(4) }));
  model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Sixty steps; the program knows nothing of the backend. */
async function train(): Promise<{ model: layers.LayersModel; loss: number; accuracy: number }> {
  const model = network();
  const { x, y } = await digits('train', trainingSize);
  const test = await digits('test', testSize);
  const history = await model.fit(x, y, { batchSize, epochs: 1, shuffle: false, verbose: 0 });
  const [, accuracy] = model.evaluate(test.x, test.y) as tf.Scalar[];
  return { model, loss: history.history['loss']![0] as number, accuracy: (await accuracy!.data())[0]! };
}

describe('a layers model with convolutions, batch normalization, dropout and a dense layer', () => {
  let trained: Awaited<ReturnType<typeof train>>;
  let reference: Awaited<ReturnType<typeof train>>;

  beforeAll(async () => {
    await tf.setBackend('cpu');
    reference = await train();
    await tf.setBackend('onnxruntime');
    trained = await train();
  }, 300_000);

  it('learns MNIST as well as on the cpu backend', () => {
    expect(reference.accuracy).toBeGreaterThan(0.8);
    expect(trained.accuracy).toBeGreaterThan(reference.accuracy - 0.01);
    expect(Math.abs(trained.loss - reference.loss)).toBeLessThan(0.02);
  });

  it('does so without the cpu backend, and with few graphs', () => {
    expect(stats().fallbacks).toEqual({});
    expect(stats().graphsCompiled).toBeLessThan(30);
  });

  it('predicts the same after saving and loading', async () => {
    const { x } = await digits('test', 50);
    let saved: tf.io.ModelArtifacts | undefined;
    await trained.model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await layers.loadLayersModel(tf.io.fromMemory(saved!));
    const [before, after] = [trained.model, loaded].map((model) => model.predict(x) as tf.Tensor);
    expect(await after!.data()).toEqual(await before!.data());
  });
});
