import type { Classifier } from '@advrob/core';
import { objectiveContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suite } from '../../test/support/contracts.js';
import { context, firstBatch } from '../../test/support/prepare.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { inputs, labels, losses, scores, testLoss } from '../../test/support/torch.js';
import { kdAt } from './kd-at.js';

const models: Classifier[] = [];
beforeAll(() => void models.push(tinyModel(), tinyModel({ seed: 2 })));
afterAll(() => models.forEach((model) => model.dispose!()));

testLoss(
  'kd-at',
  (_, model) => kdAt({ standard: model, robust: model }),
  () => ({
    x: inputs(losses.values.moved),
    y: labels(),
    standard: scores(losses.values.standard),
    robust: scores(losses.values.robust),
  }),
);
suite(
  'objective kd-at',
  objectiveContract(() => kdAt({ standard: models[0]!, robust: models[1]! })),
);

describe('distillation', () => {
  it('asks both teachers about the adversarial examples', async () => {
    const before = tf.memory().numTensors;
    const [model, standard, robust] = [tinyModel(), tinyModel({ seed: 5 }), tinyModel({ seed: 6 })];
    const batch = await firstBatch();
    const own: tf.Tensor[] = [];
    const values = await kdAt({ standard, robust }).prepare(batch, context(model, own));
    for (const [name, teacher] of Object.entries({ standard, robust })) {
      const direct = teacher.logits(own[0]!);
      expect([...(await values[name as 'standard' | 'robust'].data())]).toEqual([...(await direct.data())]);
      direct.dispose();
    }
    tf.dispose([values, ...own, batch.x, batch.y]);
    for (const { dispose } of [model, standard, robust]) dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});
