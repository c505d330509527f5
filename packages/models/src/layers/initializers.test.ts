import '@tensorflow/tfjs-backend-cpu';
import type { Classifier } from '@advrob/core';
import { expect, it } from 'vitest';
import { lenet5, mlp, resnet18, smallCnn, twoLayer } from '../plugin.js';

async function statistics(model: Classifier, name: string) {
  const values = [...(await (model.weights[name] ?? model.buffers![name])!.data())];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { count: values.length, mean, deviation, largest: Math.max(...values.map(Math.abs)), values };
}

/**
 * Mean 0 and the standard deviation, each within five standard errors (that of a deviation is at
 * most deviation / sqrt(2 n)).
 */
async function expectSpread(model: Classifier, name: string, expected: number) {
  const { count, mean, deviation } = await statistics(model, name);
  expect(Math.abs(mean)).toBeLessThan((5 * expected) / Math.sqrt(count));
  expect(Math.abs(deviation / expected - 1)).toBeLessThan(5 / Math.sqrt(2 * count));
  model.dispose!();
}

it.each([
  ['dense', () => mlp({ hidden: [64] })(0), 'fc1.weight', 784],
  ['convolution', () => lenet5()(0), 'conv2.weight', 800],
  ['convolution without bias', () => resnet18({ width: 16 })(0), 'layer2.0.conv1.weight', 144],
])('%s: uniform in ±1/sqrt(fan-in), as PyTorch', async (_, make, name, fanIn) => {
  const model = make();
  const bound = 1 / Math.sqrt(fanIn);
  const { largest } = await statistics(model, name);
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest).toBeGreaterThan(0.99 * bound);
  await expectSpread(model, name, bound / Math.sqrt(3));
});

it('SmallCNN: Kaiming normal convolutions without biases, last layer zero', async () => {
  const model = smallCnn()(0);
  for (const name of ['feature_extractor.conv3.bias', 'classifier.fc3.weight', 'classifier.fc3.bias'])
    expect((await statistics(model, name)).largest).toBe(0);
  const { values, deviation } = await statistics(model, 'feature_extractor.conv3.weight');
  // A normal distribution has kurtosis 3, a uniform one 1.8.
  const kurtosis = values.reduce((sum, value) => sum + (value / deviation) ** 4, 0) / values.length;
  expect(Math.abs(kurtosis - 3)).toBeLessThan(0.2);
  await expectSpread(model, 'feature_extractor.conv3.weight', Math.sqrt(2 / (9 * 32)));
});

it('two-layer: normal of variance 1/inputs, scaled, with biases that are not', async () => {
  const options = { inputShape: [60], width: 400 };
  await expectSpread(twoLayer(options)(0), 'fc1.weight', 1 / Math.sqrt(60));
  await expectSpread(twoLayer({ ...options, initScale: 0.1 })(0), 'fc1.weight', 0.1 / Math.sqrt(60));
  await expectSpread(twoLayer({ ...options, initScale: 0.1 })(0), 'fc2.weight', 0.1 / 20);
  await expectSpread(twoLayer({ ...options, initScale: 0.1 })(0), 'fc1.bias', 1 / Math.sqrt(60) / Math.sqrt(3));
});

it('two-layer with a fixed second layer: signs of both kinds over sqrt(width), not trained', async () => {
  const model = twoLayer({ width: 400, bias: false, secondLayer: 'fixed', initScale: 0.1 })(0);
  expect(Object.keys(model.weights)).toEqual(['fc1.weight']);
  const { values } = await statistics(model, 'fc2.weight');
  for (const value of values) expect(Math.abs(value)).toBeCloseTo(1 / 20, 7);
  const positive = values.filter((value) => value > 0).length;
  expect(Math.abs(positive - 200)).toBeLessThan(50); // five standard deviations
  model.dispose!();
});
