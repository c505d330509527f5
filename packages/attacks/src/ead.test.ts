import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { comeClose } from '../test/support/minimal-norms.js';
import { penaltyMethods, search, stepsOf } from '../test/support/penalty-methods.js';
import { largestDifference, recorded, smoothNet, tensorOf } from '../test/support/smooth-net.js';
import { holdsOneRound } from '../test/support/rounds.js';
import { ead } from './ead.js';

const { weights } = penaltyMethods;
const free = { norm: 'l2', epsilon: Infinity } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(ead, {
  rows: [
    { attack: ead({ steps: 30, searches: 3, initialWeight: 0.1 }), norms: ['l1'], reach: 0.7 },
    { attack: ead({ steps: 15, searches: 2, initialWeight: 0.1, rule: 'en' }) },
  ],
  eot: (eot) => ead({ steps: 4, searches: 2, initialWeight: 1, eot }),
});

const effort = { steps: 4, endsEarly: false };
holdsOneRound(ead({ ...effort, searches: 2 }), ead({ ...effort, searches: 6 }), 'l1', Infinity);

describe.each(penaltyMethods.ead)(
  'PyTorch fixture: EAD with confidence $confidence',
  ({ confidence, x, y, ...wanted }) => {
    const options = { ...search, confidence, learningRate: penaltyMethods.ead_rate, beta: penaltyMethods.beta };
    const labels = tensorOf(y, 'int32');

    it('visits the same points', async () => {
      const { model, inputs } = recorded(smoothNet(weights));
      await ead(options).maximize(model, tensorOf(x), labels, { norm: 'l1', epsilon: Infinity });
      // Two passes per step: the gradient ahead, then the point.
      for (const [step, point] of Object.entries(wanted.points))
        expect(largestDifference(inputs[2 * Number(step) + 1]!, point), `step ${step}`).toBeLessThan(1e-5);
    });

    it.each([
      ['l1', wanted.closest_l1],
      ['l2', wanted.closest_l2],
    ] as const)(
      'finds the same distances in %s, and ends each example when the reference does',
      async (norm, closest) => {
        const result = await ead(options).run(smoothNet(weights), tensorOf(x), labels, { norm, epsilon: Infinity });
        expect(largestDifference(result.closest, closest)).toBeLessThan(1e-4);
        expect([...result.queries]).toEqual(stepsOf(wanted.ended).map((taken) => 2 * taken));
      },
    );

    it('keeps the same points by the elastic-net rule', async () => {
      const attack = ead({ ...options, rule: 'en' });
      const result = await attack.run(smoothNet(weights), tensorOf(x), labels, { norm: 'l1', epsilon: Infinity });
      expect(largestDifference(await result.adversarial.data(), wanted.best)).toBeLessThan(1e-5);
    });
  },
);

// It moves by its threshold in L1.
comeClose([['EAD 9', ead({ beta: 0.1, steps: 1000 }), 'l1', 0.05]]);

it('means the same in other units of the bounds', async () => {
  const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
  const inUnits = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0] });
  const inBytes = linearClassifier({
    weights: slopes.map((slope) => [0, slope / 256]),
    bias: [0.3, 0],
    bounds: [0, 256],
  });
  const x = tf.tensor2d([[0.5, 0.4, 0.5, 0.6, 0.5, 0.5]]);
  const y = tf.tensor1d([0], 'int32');
  const attack = ead({ steps: 50 });
  const one = await attack.run(inUnits, x, y, free);
  const other = await attack.run(inBytes, tf.mul(x, 256), y, free);
  expect(one.closest[0]).toBeLessThan(Infinity);
  expect(other.closest[0]! / 256).toBeCloseTo(one.closest[0]!, 5);
});
