import type { Batch, Classifier, Dataset, Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { signAttack } from '../../test/support/sign-attack.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { erm } from '../methods/erm.js';
import { pgdAt } from '../methods/pgd-at.js';
import { fit } from './fit.js';
import type { FitOptions } from './options.js';

let model: Classifier;
expectNoLeaks();
beforeEach(() => void (model = tinyModel()));
afterEach(() => model.dispose!());

const train = (own: Partial<FitOptions>) =>
  fit({ model, data: tinyData(), objective: erm(), batchSize: 8, steps: 2, ...own } as FitOptions);
const disposed = (tensor: tf.Tensor): tf.Tensor => (tensor.dispose(), tensor);

describe('what a plugin gives is looked at', () => {
  it.each<[string, (batch: Batch) => Partial<Batch>]>([
    ['inputs that are gone', ({ x }) => ({ x: disposed(x) })],
    ['labels of other examples', ({ ids }) => ({ ids: ids.slice(1) })],
  ])('a data set: %s', async (_, change) => {
    const data = tinyData();
    const foreign: Dataset = {
      ...data,
      async *batches(options) {
        for await (const batch of data.batches(options)) {
          try {
            yield { ...batch, ...change(batch) };
          } finally {
            tf.dispose([batch.x, batch.y].filter((tensor) => !tensor.isDisposed));
          }
        }
      },
    };
    await expect(train({ data: foreign })).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  });

  it('an objective that prepares what is gone', async () => {
    const base = erm();
    const objective: Objective = {
      ...base,
      prepare: (batch) => Promise.resolve({ x: disposed(tf.clone(batch.x)), y: batch.y }),
    };
    await expect(train({ objective })).rejects.toMatchObject({
      code: 'ADVROB_OBJECTIVE',
      message: expect.stringMatching(/prepared 'x'.*disposed/) as string,
    });
  });

  it.each<[string, (points: tf.Tensor) => tf.Tensor]>([
    ['points of another shape', (points) => tf.tidy(() => tf.reshape(points, [-1]))],
    ['points that are gone', (points) => disposed(tf.clone(points))],
  ])('an attack: %s', async (_, change) => {
    const attack = signAttack();
    const foreign = {
      ...attack,
      async maximize(...call: Parameters<typeof attack.maximize>) {
        const points = await attack.maximize(...call);
        const changed = change(points);
        points.dispose();
        if (!changed.isDisposed) made.push(changed);
        return changed;
      },
    };
    const made: tf.Tensor[] = [];
    const threat = { norm: 'linf', epsilon: 0.1 } as const;
    await expect(train({ objective: pgdAt() as Objective, attack: foreign, threat })).rejects.toMatchObject({
      code: 'ADVROB_ATTACK',
    });
    tf.dispose(made);
  });
});
