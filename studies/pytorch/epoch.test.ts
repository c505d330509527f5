import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { pgd } from '@advrob/attacks';
import { mnist } from '@advrob/datasets';
import { compactCnn } from '@advrob/models';
import { fit, pgdAt, sgd } from '@advrob/training';
import { epochs, ourLosses } from './epoch.mjs';

beforeAll(() => tf.setBackend('cpu'));

/** PyTorch's losses; see run.mjs --fixture. */
const { losses } = JSON.parse(
  readFileSync(new URL('../../tooling/oracle/training/fixtures/mnist-epoch.json', import.meta.url), 'utf8'),
) as { losses: number[] };

it("PGD-AT on MNIST has PyTorch's losses step by step", async () => {
  const { channels, hidden, ...run } = epochs.small;
  const model = compactCnn({ channels: channels as [number, number], hidden })(0);
  const { train } = await mnist();
  const found = await ourLosses({ model, train, fit, pgdAt, sgd, pgd }, run);
  model.dispose();
  expect(found).toHaveLength(losses.length);
  for (const [step, loss] of losses.entries()) expect(Math.abs(found[step]! - loss), `step ${step}`).toBeLessThan(1e-5);
}, 180_000);
