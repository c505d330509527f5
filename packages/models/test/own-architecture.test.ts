import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { modelContract } from '@advrob/core/testing';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineArchitecture, loadModel, saveWeights } from '../src/index.js';
import {
  anyShape,
  batchNorm,
  commonOptions,
  conv2d,
  dense,
  dropout,
  flatten,
  relu,
  sequence,
  sizeOf,
} from '../src/layers.js';

/** As a user of the package would write it. */
const own = defineArchitecture({
  name: 'own',
  summary: 'Convolution, batch norm, dropout, dense.',
  options: z.strictObject({ inputShape: anyShape(5, 5, 1), filters: z.int().min(1).default(2), ...commonOptions(3) }),
  build({ inputShape, filters, numClasses }, parameters) {
    const convolution = conv2d(parameters, 'conv', {
      inputs: inputShape.at(-1)!,
      outputs: filters,
      window: 3,
      padding: 1,
    });
    const norm = batchNorm(parameters, 'norm', filters);
    const inputs = sizeOf(inputShape.slice(0, 2)) * filters;
    const last = dense(parameters, 'last', { inputs, outputs: numClasses });
    return { features: sequence(convolution, norm, relu, dropout('drop', 0.5), flatten), head: (x) => last(x, {}) };
  },
});

for (const { name, run } of modelContract(() => own()(4))) it(name, run);

it('is saved and found again by name', async () => {
  const model = own({ filters: 3 })(0);
  const bytes = await saveWeights(model);
  expect(() => loadModel(bytes)).toThrowError(/expected an architecture among two-layer/);
  const twin = loadModel(bytes, { architectures: { own } });
  expect(await twin.weights['conv.weight']!.data()).toEqual(await model.weights['conv.weight']!.data());
  model.dispose!();
  twin.dispose!();
});
