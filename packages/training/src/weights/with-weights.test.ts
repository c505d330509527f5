import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { withWeights } from './with-weights.js';

let model: Classifier;
expectNoLeaks();
beforeEach(() => {
  model = tinyModel();
});
afterEach(() => model.dispose!());

describe('withWeights', () => {
  const third = (_: string, weight: tf.Variable): Tensor => tf.div(weight as Tensor, 3);

  it('adds the change for the body and then gives back the same bits', async () => {
    const before = await valuesOf(model);
    const during = await withWeights(
      model,
      (name, w) => (w.rank > 1 ? third(name, w) : undefined),
      () => valuesOf(model),
    );
    expect(during['fc1.weight']![0]).toBeCloseTo((4 / 3) * before['fc1.weight']![0]!, 6);
    expect(during['fc1.bias']).toEqual(before['fc1.bias']);
    expect(await valuesOf(model)).toEqual(before);
  });

  it('nests', async () => {
    const before = await valuesOf(model);
    await withWeights(model, third, () => withWeights(model, third, async () => undefined));
    expect(await valuesOf(model)).toEqual(before);
  });

  it('subtracts the change from a weight that the body moved', async () => {
    const before = await valuesOf(model);
    const bias = model.weights['fc2.bias']!;
    await withWeights(
      model,
      (_, w) => tf.fill(w.shape, 0.25),
      async () => {
        tf.tidy(() => bias.assign(tf.add(bias, 2)));
      },
    );
    const after = await valuesOf(model);
    after['fc2.bias']!.forEach((value, i) => expect(value).toBeCloseTo(before['fc2.bias']![i]! + 2, 6));
    expect(after['fc1.weight']).toEqual(before['fc1.weight']);
  });

  it('restores when the body or the change fails', async () => {
    const before = await valuesOf(model);
    const fail = async () => {
      throw new Error('body');
    };
    await expect(withWeights(model, third, fail)).rejects.toThrow('body');
    await expect(withWeights(model, () => tf.scalar(1), fail)).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
    expect(await valuesOf(model)).toEqual(before);
  });
});
