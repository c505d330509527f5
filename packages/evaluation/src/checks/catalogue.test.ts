import '@tensorflow/tfjs-backend-cpu';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ascent } from '../../test/support/attacks.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';
import { catalogue } from './catalogue.js';
import { judgeCauses } from './judge-causes.js';
import { judgeSymptoms } from './judge-symptoms.js';
import type { Measurements } from './measurements.js';
import { withDefaults } from './options.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Measurements of a model that shows nothing. */
const quiet: Measurements = {
  outputs: [],
  gradients: [],
  paths: [],
  correct: 0,
  examples: 0,
  unconfirmed: 0,
  repetition: 0,
  iterative: [],
  longer: undefined,
  restarts: undefined,
  singleStep: undefined,
  blackBox: undefined,
  other: undefined,
  transfer: undefined,
  huge: [],
  smaller: [],
  larger: [],
};

const model = { inputShape: [2], numClasses: 10, bounds: [0, 1], weights: {}, logits: tf.clone } satisfies Classifier;
const options = withDefaults({
  model,
  data: pointsAtGaps([0.1]),
  threat: { norm: 'linf', epsilon: 0.1 },
  attacks: { iterative: ascent() },
});

describe('the catalogue', () => {
  const judged = () =>
    [...judgeCauses(quiet), ...judgeSymptoms(quiet, options)].map(({ name, kind }) => ({
      name,
      kind,
    }));

  it('has no row that is not judged', () => {
    const names = judged().map(({ name }) => name);
    const missing = Object.entries(catalogue)
      .filter(([name]) => !names.includes(name))
      .map(
        ([name, { kind }]) => `checks/judge-${kind}s.ts does not judge '${name}' of checks/catalogue.ts: add it there`,
      );
    expect(missing).toEqual([]);
  });

  it('stands in the order in which checks are reported, causes first', () => {
    expect(judged()).toEqual(Object.entries(catalogue).map(([name, { kind }]) => ({ name, kind })));
  });
});
