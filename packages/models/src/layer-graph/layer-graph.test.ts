import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { readOnnx } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fromFunction } from '../adapters/from-function.js';
import { fromLayersModel } from '../adapters/from-layers-model.js';
import { exportClassifier } from '../onnx/export.js';
import { fromOnnx } from '../onnx/classifier.js';
import { smallModels } from '../../test/small-models.js';
import { layerGraph, layerPass } from './layer-graph.js';
import { runLayerGraph } from './run.js';

/** Moves what is zero or one at the start, so that no part of a model is without an effect. */
function disturbed(model: Classifier): Classifier {
  let seed = 1;
  for (const variable of Object.values({ ...model.weights, ...model.buffers }) as tf.Variable[])
    tf.tidy(() => variable.assign(tf.add(variable, tf.randomUniform(variable.shape, 0.05, 0.2, 'float32', seed++))));
  return model;
}

async function operationsOf(model: Classifier): Promise<string[]> {
  const before = tf.memory().numTensors;
  const graph = await layerGraph(model);
  const operations = graph.nodes.map((node) => (node.op === 'activation' ? node.activation.kind : node.op));
  tf.tidy(() => {
    const x = tf.randomUniform([2, ...model.inputShape], ...model.bounds, 'float32', 5);
    const logits = model.logits(x);
    const [difference, largest] = [tf.sub(runLayerGraph(graph, x).at(-1)!, logits), logits].map(
      (each) => tf.max(tf.abs(each)).dataSync()[0]!,
    );
    expect(difference).toBeLessThan(1e-5 * largest!);
  });
  graph.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return operations;
}

describe.each(Object.entries(smallModels))('the layers of %s', (_name, make) => {
  it('compute its logits, as built and through an ONNX file', async () => {
    const model = disturbed(make(0));
    const own = await operationsOf(model);
    const imported = await fromOnnx(readOnnx(await exportClassifier(model, { layout: 'NHWC' })), {
      bounds: model.bounds,
      ...(model.inputShape.length === 3 && { layout: 'NHWC' }),
    });
    const again = await operationsOf(imported);
    const essential = (all: string[]): string[] =>
      all.filter((each) => ['conv2d', 'dense', 'relu', 'maxPool', 'add'].includes(each));
    expect(essential(again)).toEqual(essential(own));
    model.dispose?.();
    imported.dispose?.();
  });
});

it('has a bias, no more, where a layer adds one', async () => {
  const model = smallModels.mlp(0);
  expect(await operationsOf(model)).toEqual(['input', 'affine', 'affine', 'reshape', 'dense', 'relu', 'dense']);
});

it('knows every kind of layer of a LayersModel', async () => {
  const { dense, conv2d, depthwiseConv2d, averagePooling2d, maxPooling2d, batchNormalization, activation } =
    layers.layers;
  const input = layers.input({ shape: [9, 8, 2] });
  const pass = (layer: layers.layers.Layer, x: layers.SymbolicTensor): layers.SymbolicTensor =>
    layer.apply(x) as layers.SymbolicTensor;
  let x = pass(conv2d({ filters: 4, kernelSize: 3, padding: 'same', dilationRate: 2, activation: 'relu' }), input);
  x = pass(depthwiseConv2d({ kernelSize: [2, 3], depthMultiplier: 2, strides: 2, padding: 'same' }), x);
  x = pass(batchNormalization({}), x);
  x = pass(activation({ activation: 'tanh' }), x);
  const [left, right] = [
    pass(averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x),
    pass(maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x),
  ];
  x = layers.layers.concatenate().apply([left, right]) as layers.SymbolicTensor;
  x = pass(layers.layers.zeroPadding2d({ padding: 1 }), x);
  x = pass(
    layers.layers.cropping2D({
      cropping: [
        [1, 0],
        [0, 1],
      ],
    }),
    x,
  );
  x = pass(layers.layers.leakyReLU({ alpha: 0.25 }), x);
  x = pass(layers.layers.permute({ dims: [3, 1, 2] }), x);
  x = pass(layers.layers.flatten(), x);
  for (const kind of ['sigmoid', 'elu', 'softplus'] as const)
    x = pass(batchNormalization({}), pass(dense({ units: 5, activation: kind }), x));
  const net = layers.model({ inputs: input, outputs: pass(dense({ units: 3 }), x) });
  const model = disturbed(await fromLayersModel(net, { bounds: [0, 1], outputs: 'logits' }));
  const operations = await operationsOf(model);
  for (const kind of [
    'depthwise',
    'avgPool',
    'maxPool',
    'concat',
    'pad',
    'slice',
    'transpose',
    'leakyRelu',
    'softplus',
  ])
    if (kind !== 'depthwise') expect(operations).toContain(kind);
});

describe('the layers of one pass', () => {
  it.each(['eval', 'probe'] as const)('have the gradients of the weights, in %s mode', (mode) => {
    const model = disturbed(smallModels.resnet18!(0));
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const x = tf.randomUniform([4, ...model.inputShape], ...model.bounds, 'float32', 5);
      const weights = Object.values(model.weights);
      const direction = tf.randomUniform([4, model.numClasses], -1, 1, 'float32', 6);
      const slopesOf = (f: () => tf.Tensor): tf.Tensor[] => {
        const { grads } = tf.variableGrads(() => tf.sum(tf.mul(f(), direction)) as tf.Scalar, weights);
        return weights.map(({ name }) => grads[name]!);
      };
      const wanted = slopesOf(() => model.logits(x, { mode }));
      const found = slopesOf(() => layerPass(model, x, { mode }, (pass) => runLayerGraph(pass, x).at(-1)!));
      const largestOf = (all: tf.Tensor[]): number =>
        Math.max(...all.map((each) => tf.max(tf.abs(each)).dataSync()[0]!));
      // Normalisation takes most of some gradients away, and leaves the rounding of what it took.
      const differences = found.map((slope, i) => tf.sub(slope, wanted[i]!));
      expect(largestOf(differences)).toBeLessThan(2e-4 * largestOf(wanted));
    });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose?.();
  });

  it('name what is no layer, also where a statistic of the batch could follow', async () => {
    const model = await fromFunction((x) => tf.square(x), { inputShape: [4], bounds: [0, 1], outputs: 'logits' });
    const before = tf.memory().numTensors;
    expect(() => tf.tidy(() => layerPass(model, tf.ones([2, 4]), undefined, () => tf.scalar(0)))).toThrow(
      /kernel Square/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a model that is refused', () => {
  const about = { inputShape: [4], bounds: [0, 1] } as const;
  const refusal = async (f: (x: tf.Tensor) => tf.Tensor): Promise<string> => {
    const model = await fromFunction(f, { ...about, outputs: 'logits' });
    const before = tf.memory().numTensors;
    const message = await layerGraph(model).then(
      (graph) => `no refusal: ${graph.nodes.length}`,
      (error: Error) => error.message,
    );
    expect(tf.memory().numTensors).toBe(before);
    return message;
  };

  it('names the kernel', async () => {
    expect(await refusal((x) => tf.sin(x))).toMatch(/kernel Sin .*ADVROB_CERTIFY/);
    expect(await refusal((x) => tf.mul(x, x))).toMatch(/kernel Multiply .*depend on the input/);
    expect(await refusal((x) => tf.log(tf.softmax(x)))).toMatch(/Softmax .*without it/);
  });
  it('depends on the rest of the batch, or on chance', async () => {
    expect(await refusal((x) => tf.add(x, tf.reshape(tf.range(0, x.shape[0]!), [-1, 1])))).toMatch(/each example/);
    expect(await refusal((x) => tf.add(x, x.shape[0]!))).toMatch(/another batch/);
    expect(await refusal((x) => tf.sub(x, tf.mean(x, 0)))).toMatch(/examples of a batch/);
  });
});
