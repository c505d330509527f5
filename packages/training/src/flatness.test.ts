import '../test/support/cpu.js';
import type { Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { signAttack } from '../test/support/sign-attack.js';
import { tinyData } from '../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../test/support/tiny-model.js';
import { fit } from './fit/fit.js';
import { filterNormalized, flatness } from './flatness.js';
import { erm } from './methods/erm.js';
import { sgd } from './parts/sgd.js';

const data = tinyData({ length: 60 });
const threat = { norm: 'linf', epsilon: 0.1 } as const;

async function trainedModel(): Promise<Classifier> {
  const model = tinyModel();
  await fit({
    model,
    data,
    objective: erm(),
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.3,
    epochs: 20,
    batchSize: 20,
  });
  return model;
}

it('filter-normalised directions have the length of each filter', async () => {
  const rng = createRandom({ seed: 1 });
  for (const shape of [
    [6, 3],
    [3, 3, 2, 4],
  ]) {
    const weight = tf.mul(rng.normal('weight', shape), tf.range(1, shape.at(-1)! + 1));
    const direction = filterNormalized(weight, 0.3, (s) => rng.normal('direction', s))!;
    const columns = shape.at(-1)!;
    const lengths = async (tensor: Tensor) =>
      tf.norm(tf.reshape(tensor, [-1, columns]) as Tensor2D, 2, 0).data() as Promise<Float32Array>;
    const [found, expected] = [await lengths(direction), await lengths(weight)];
    expected.forEach((value, i) => expect(found[i]! / value).toBeCloseTo(0.3, 5));
  }
  expect(filterNormalized(tf.ones([4]), 1, () => tf.ones([4]))).toBeUndefined();
});

it('measures the increase of the loss, leaves the weights alone, and does not depend on the batch size', async () => {
  const model = await trainedModel();
  const [weights, before] = [await valuesOf(model), tf.memory().numTensors];
  const found = await flatness(model, data, { attack: signAttack({ steps: 5 }), threat, length: 0.5, directions: 8 });
  expect(tf.memory().numTensors).toBe(before);
  expect(await valuesOf(model)).toEqual(weights);
  expect(found.perDirection).toHaveLength(8);
  expect(found.lossIncrease).toBeCloseTo(found.perDirection.reduce((sum, value) => sum + value, 0) / 8, 10);
  expect(found.lossIncrease).toBeGreaterThan(0);
  expect(found.relativeIncrease).toBeCloseTo(found.lossIncrease / found.loss, 10);
  const clean = await flatness(model, data);
  expect(clean.loss).toBeLessThan(found.loss);
  const small = await flatness(model, data, { batchSize: 7 });
  expect(small.lossIncrease).toBeCloseTo(clean.lossIncrease, 5);
  expect(small.errorIncrease).toBeCloseTo(clean.errorIncrease, 6);
  model.dispose!();
});

it('by the loss finds smoother outputs flatter, by the error does not', async () => {
  const model = await trainedModel();
  // A quarter of the logits: the same decisions everywhere, also at moved weights, since the head
  // is linear and its bias 0.
  tf.tidy(() => model.weights['fc2.bias']!.assign(tf.zerosLike(model.weights['fc2.bias']!)));
  const sharp = await flatness(model, data, { length: 0.5 });
  tf.tidy(() => model.weights['fc2.weight']!.assign(tf.mul(model.weights['fc2.weight']!, 0.25)));
  const soft = await flatness(model, data, { length: 0.5 });
  expect(soft.lossIncrease).toBeLessThan(0.6 * sharp.lossIncrease);
  expect(soft.confidence).toBeLessThan(sharp.confidence);
  expect(soft.errorIncrease).toBeCloseTo(sharp.errorIncrease, 6);
  expect(soft.error).toBeCloseTo(sharp.error, 6);
  model.dispose!();
});

it('refuses an attack without a threat, and lengths and directions that make no sense', async () => {
  const model = tinyModel();
  await expect(flatness(model, data, { attack: signAttack() })).rejects.toMatchObject({
    code: 'ADVROB_ATTACK_MISSING',
  });
  for (const options of [{ length: 0 }, { length: Number.NaN }, { directions: 0 }, { directions: 1.5 }])
    await expect(flatness(model, data, options)).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  model.dispose!();
});
