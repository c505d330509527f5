import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { createRandom } from '@advrob/core/random';
import { analysisContract, linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { arrayDataset } from '@advrob/datasets';
import { afterAll, expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

// Logits 2 x - 1 and 0: the confidence is that of a logistic function.
const model = linearClassifier({ weights: [[2, 0]], bias: [-1, 0] });
afterAll(() => model.dispose());
const context = async () => ({
  models: { model },
  data: arrayDataset({
    name: 'four',
    inputs: Float32Array.of(1, 0, 0.75, 0.25),
    labels: [0, 1, 1, 1],
    inputShape: [1],
    numClasses: 2,
  }),
  threat: createThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]),
  rng: createRandom({ seed: 0 }),
});

for (const { name, run } of analysisContract(__identifier__({ batchSize: 3 }), context)) test(name, run);

test('agrees with a calculation by hand', async () => {
  const { rows } = await __identifier__().analyze({ ...(await context()), memo: (_, compute) => compute() });
  const logistic = (z: number) => 1 / (1 + Math.exp(-z));
  expect(rows[0]).toMatchObject({ kind: 'right', examples: 3 });
  expect(rows[0]!.confidence).toBeCloseTo((2 * logistic(1) + logistic(0.5)) / 3, 6);
  expect(rows[1]!.confidence).toBeCloseTo(logistic(0.5), 6);
});
