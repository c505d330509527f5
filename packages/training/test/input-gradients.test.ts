import './support/cpu.js';
import type { Classifier, Extras, Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { fit } from '../src/fit/fit.js';
import type { FitOptions } from '../src/fit/options.js';
import { erm } from '../src/methods/erm.js';
import { fgsmAt } from '../src/methods/fgsm-at.js';
import { free } from '../src/methods/free.js';
import { pgdAt } from '../src/methods/pgd-at.js';
import { smoothadv } from '../src/methods/smoothadv.js';
import { trades } from '../src/methods/trades.js';
import { signAttack } from './support/sign-attack.js';
import { tinyData } from './support/tiny-data.js';
import { tinyModel } from './support/tiny-model.js';

/** Input gradients of two passes over 22 examples in batches of 4; the last two of a pass are left out. */
async function gradientsOf(objective: unknown, more: Partial<FitOptions> = {}): Promise<number> {
  const model = tinyModel();
  const given = objective as Objective<Extras>;
  try {
    const { inputGradients } = await fit({
      model,
      data: tinyData({ length: 22 }),
      objective: given,
      attack: signAttack({ steps: 3 }),
      threat: { norm: 'linf', epsilon: 0.1 },
      batchSize: 4,
      epochs: 2,
      ...more,
    });
    return inputGradients;
  } finally {
    model.dispose!();
    given.dispose?.();
  }
}

const drawn = 2 * 20;

it.each<[string, unknown, number]>([
  ['none without an attack', erm(), 0],
  ['one per example and step', pgdAt(), drawn * 3],
  ['the same for a loss that looks at the clean logits', trades(), drawn * 3],
  ['those of an attack that the objective brings', fgsmAt(), drawn],
  ['the shared backward pass of free adversarial training', free({ replays: 2 }), drawn * 2],
  ['one per step for an average over noise', smoothadv({ samples: 2 }), drawn * 3],
])('counts %s', async (_, objective, expected) => {
  expect(await gradientsOf(objective)).toBe(expected);
});

it('counts those that were not finite, the ones of whole batches here', async () => {
  const model = tinyModel();
  // The square root of 0 is finite and has a gradient that is not.
  const sharp: Classifier = {
    ...model,
    logits: (x, how) => tf.tidy(() => tf.add(model.logits(x, how), tf.sqrt(tf.mul(tf.sum(x, 1, true), 0)))),
  };
  const train = (network: Classifier) =>
    fit({
      model: network,
      data: tinyData({ length: 22 }),
      objective: pgdAt(),
      attack: signAttack({ steps: 3 }),
      threat: { norm: 'linf', epsilon: 0.1 },
      batchSize: 4,
      epochs: 2,
      logEvery: 3,
    });
  expect(await train(model)).toMatchObject({ inputGradients: drawn * 3, notFiniteGradients: 0 });
  expect(await train(sharp)).toMatchObject({ inputGradients: drawn * 3, notFiniteGradients: drawn * 3 });
  model.dispose!();
});

it('counts none while the radius is 0', async () => {
  expect(await gradientsOf(pgdAt(), { threat: { norm: 'linf', epsilon: 0 } })).toBe(0);
});
