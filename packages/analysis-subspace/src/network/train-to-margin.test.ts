import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { mlp, twoLayer } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { chessPoints } from '@advrob/datasets';
import { trainToMargin } from './train-to-margin.js';
import { trainTwoLayer } from './train-two-layer.js';
import { fixtureProblem, readFixture } from '../../test/support/two-layer.js';

beforeAll(() => tf.setBackend('cpu'));

it('trains as gradient descent with weight decay in PyTorch, to float32 rounding of the weights', async () => {
  const fixture = await readFixture();
  const { model, dispose } = fixtureProblem(fixture);
  const { rate, weightDecay, steps, margin, firstLayer } = fixture.training;
  const points = { inputs: Float32Array.from(fixture.x), labels: Int32Array.from(fixture.y), size: fixture.inputs };
  const before = tf.memory().numTensors;
  const options = { learningRate: rate, weightDecay, maxSteps: steps, stopMargin: Infinity };
  const found = await trainTwoLayer(model, points, options);
  expect(tf.memory().numTensors).toBe(before);
  expect(found).toMatchObject({ steps, isReached: false });
  expect(found.margin).toBeCloseTo(margin, 10);
  const trained = await model.weights['fc1.weight']!.data();
  firstLayer.forEach((value, i) => expect(trained[i]).toBeCloseTo(value, 7));
  dispose();
});

it.each([{}, { weightDecay: 0.01 }, { firstLayerNorm: 0.05 }, { weightDecay: 0.01, firstLayerNorm: 0.02 }])(
  'agrees with training by automatic differentiation, both layers and biases, %o',
  async (regularisation) => {
    const points = chessPoints();
    const make = () => twoLayer({ inputShape: [3], width: 30, initializer: 'pytorch', bounds: [-10, 10] })(1);
    const [host, tensors] = [make(), make()];
    const options = { learningRate: 0.3, maxSteps: 60, stopMargin: Infinity, ...regularisation };
    const x = tf.tensor2d(points.inputs, [25, 3]);
    const y = tf.tensor1d(points.labels, 'int32');
    const wanted = await trainToMargin(tensors, x, y, options);
    const found = await trainTwoLayer(host, points, options);
    expect(found.margin).toBeCloseTo(wanted.margin, 5);
    for (const [name, weight] of Object.entries(host.weights)) {
      const other = await tensors.weights[name]!.data();
      (await weight.data()).forEach((value, i) => expect(value).toBeCloseTo(other[i]!, 5));
    }
    tf.dispose([x, y]);
    host.dispose!();
    tensors.dispose!();
  },
);

it('stops at the margin, and stops runs that diverge or are aborted', async () => {
  const points = { inputs: Float32Array.of(1, 0, 0, 1), labels: Int32Array.of(0, 1), size: 2 };
  const make = () => twoLayer({ inputShape: [2], width: 20, bounds: [-2, 2] })(0);
  const model = make();
  const found = await trainTwoLayer(model, points, { learningRate: 0.1, maxSteps: 5000, stopMargin: 2 });
  expect(found.isReached).toBe(true);
  expect(found.steps).toBeGreaterThan(0);
  expect(found.steps).toBeLessThan(5000);
  expect(found.margin).toBeGreaterThan(2);
  expect(found.margin).toBeLessThan(2.1);
  const tooFast = { learningRate: 1e200, maxSteps: 50, stopMargin: Infinity };
  await expect(trainTwoLayer(make(), points, tooFast)).rejects.toMatchObject({ code: 'ADVROB_TRAINING_DIVERGED' });
  const aborted = { learningRate: 0.1, maxSteps: 50, stopMargin: Infinity, signal: AbortSignal.abort() };
  await expect(trainTwoLayer(make(), points, aborted)).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
  const other = mlp({ inputShape: [2], hidden: [3], numClasses: 2 })(0);
  await expect(trainTwoLayer(other, points, tooFast)).rejects.toMatchObject({ code: 'ADVROB_ANALYSIS' });
  const wide = { ...points, size: 4, labels: Int32Array.of(1) };
  await expect(trainTwoLayer(make(), wide, tooFast)).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
});
