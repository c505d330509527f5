import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.js';
import { hashModel } from '@advrob/core/identity';
import { borrowed } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const anonymous: Classifier = {
  inputShape: [2],
  numClasses: 2,
  bounds: [0, 1],
  weights: {},
  logits: (x) => tf.sub(tf.mul(x, 1), 0.5),
};

async function run(surrogate: Classifier, storage = memoryStorage()) {
  const model = planeModel();
  try {
    const attacks = [{ attack: borrowed({ surrogate }), norm: 'linf', epsilon: [0.05, 0.1] } as const];
    return await evaluate({ model, data: pointsAtGaps([0.02, 0.07, 0.3]), attacks, storage });
  } finally {
    model.dispose();
  }
}

describe('an attack with a model among its options', () => {
  it('is recorded by the hash of the weights, and resumes with another object of the same weights', async () => {
    const [first, same] = [planeModel(3), planeModel(3)];
    const storage = memoryStorage();
    const { result } = await run(first, storage);
    expect(result.attacks[0]!.options).toEqual({ surrogate: { model: await hashModel(first) } });
    expect(result.attacks[0]!.points.map(({ robust }) => robust.count)).toEqual([2, 1]);
    expect((await run(same, storage)).result).toEqual(result);
    first.dispose();
    same.dispose();
  });

  it('is refused when the weights are others', async () => {
    const [first, other] = [planeModel(3), planeModel(4)];
    const storage = memoryStorage();
    await run(first, storage);
    await expect(run(other, storage)).rejects.toThrow(
      /attacks\.0\.options\.surrogate\.model\.weights was "[0-9a-f]{64}", is "[0-9a-f]{64}"/,
    );
    first.dispose();
    other.dispose();
  });

  it('must have named weights when there is something to resume, and need not otherwise', async () => {
    await expect(run(anonymous)).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    const model = planeModel();
    const { result } = await evaluate({
      model,
      data: pointsAtGaps([0.02]),
      attacks: [{ attack: borrowed({ surrogate: anonymous }), norm: 'linf', epsilon: 0.1 }],
    });
    expect(result.attacks[0]!.options).toEqual({ surrogate: { model: null } });
    model.dispose();
  });
});
