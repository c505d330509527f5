import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { erm, fit, sgd, type TrainingEvent } from '../src/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { tinyData } from './support/tiny-data.js';
import { tinyModel } from './support/tiny-model.js';

beforeAll(() => tf.setBackend('cpu'));

it('learns', async () => {
  const before = tf.memory().numTensors;
  const model = tinyModel();
  const events: TrainingEvent[] = [];
  const result = await fit({
    model,
    data: tinyData({ length: 96 }),
    validation: { data: tinyData({ length: 60, seed: 9 }), every: 10 },
    objective: erm(),
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.1,
    batchSize: 16,
    epochs: 30,
    onEvent: (event) => events.push(event),
  });
  expect(result.steps).toBe(180);
  expect(result.best!.score).toBeGreaterThan(0.85);
  expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  model.dispose!();
  expect(tf.memory().numTensors).toBe(before);
});
