import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { comeClose } from '../test/support/minimal-norms.js';
import { penaltyMethods, search, stepsOf } from '../test/support/penalty-methods.js';
import { largestDifference, recorded, smoothNet, tensorOf } from '../test/support/smooth-net.js';
import { holdsOneRound } from '../test/support/rounds.js';
import { cw, fromTanhSpace, tanhSlope, toTanhSpace } from './cw.js';

const { weights } = penaltyMethods;
const free = { norm: 'l2', epsilon: Infinity } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(cw, {
  rows: [{ attack: cw({ steps: 40, searches: 3, learningRate: 0.02, initialWeight: 0.1 }), reach: 0.85, excess: 0.1 }],
  eot: (eot) => cw({ steps: 12, searches: 2, initialWeight: 1, learningRate: 0.05, eot }),
});

const effort = { steps: 4, endsEarly: false };
holdsOneRound(cw({ ...effort, searches: 2 }), cw({ ...effort, searches: 6 }), 'l2', Infinity);

describe.each(penaltyMethods.cw)(
  'PyTorch fixture: C&W with confidence $confidence',
  ({ confidence, x, y, ...wanted }) => {
    const attack = cw({ ...search, confidence, learningRate: penaltyMethods.cw_rate });
    const labels = tensorOf(y, 'int32');

    it('visits the same points', async () => {
      const { model, inputs } = recorded(smoothNet(weights));
      await attack.maximize(model, tensorOf(x), labels, free);
      for (const [step, point] of Object.entries(wanted.points))
        expect(largestDifference(inputs[Number(step)]!, point), `step ${step}`).toBeLessThan(1e-5);
    });

    it('finds the same distances, and ends each example when the reference does', async () => {
      const result = await attack.run(smoothNet(weights), tensorOf(x), labels, free);
      expect(largestDifference(result.closest, wanted.closest)).toBeLessThan(1e-5);
      expect([...result.queries]).toEqual(stepsOf(wanted.ended));
    });
  },
);

comeClose([
  ['C&W, small steps 2', cw({ learningRate: 0.002, searches: 9, steps: 500 }), 'l2', 1e-3],
  ['C&W, few large steps 3', cw({ steps: 200 }), 'l2', 0.02],
]);

describe('tanh space', () => {
  it('comes back, and has a slope at the bounds', async () => {
    const x = tf.tensor1d([-1, -0.5, 0, 2.9, 3]);
    const w = toTanhSpace(x, [-1, 3]);
    expect(largestDifference(await fromTanhSpace(w, [-1, 3]).data(), [-1, -0.5, 0, 2.9, 3])).toBeLessThan(5e-6);
    const slopes = Array.from(await tanhSlope(w).data());
    slopes.forEach((slope, i) => expect(slope / ((1 - Math.tanh(w.dataSync()[i]!) ** 2) / 2)).toBeCloseTo(1, 4));
    expect(Math.min(...slopes)).toBeGreaterThan(5e-7);
  });

  it('lets black and white values move', async () => {
    // Only changes of the values at the bounds can fool this model.
    const model = linearClassifier({
      weights: [
        [0, 1],
        [0, -1],
      ],
      bias: [0.5, 1],
    });
    const x = tf.tensor2d([[0, 1]]);
    const { closest } = await cw({ steps: 400, searches: 6, learningRate: 0.1, initialWeight: 1 }).run(
      model,
      x,
      tf.tensor1d([0], 'int32'),
      free,
    );
    // The boundary is x0 - x1 + 0.5 = 0.
    expect(closest[0]! / (0.5 / Math.SQRT2)).toBeCloseTo(1, 2);
  });
});

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
  const attack = cw({ steps: 50 });
  const one = await attack.run(inUnits, x, y, free);
  const other = await attack.run(inBytes, tf.mul(x, 256), y, free);
  expect(one.closest[0]).toBeLessThan(Infinity);
  expect(other.closest[0]! / 256).toBeCloseTo(one.closest[0]!, 5);
});

it('takes no weight for enough because the first steps are long', async () => {
  // The first step of Adam moves every value by 0.005, 16 times the distance and not along the
  // slope, and fools; with a weight too small the search then comes to rest at the example. Where
  // any step counted as enough, the distance was 2.55 times the exact one.
  const slopes = Array.from({ length: 400 }, (_, i) => (i % 40 === 0 ? 1 : 0.02));
  const exact = 0.006;
  const bias = 0.5 * slopes.reduce((sum, each) => sum + each, 0) + exact * Math.hypot(...slopes);
  const model = linearClassifier({ weights: slopes.map((each) => [0, each]), bias: [bias, 0] });
  const attack = cw({ steps: 100, searches: 6, initialWeight: 1e-4, endsEarly: false });
  const { closest } = await attack.run(model, tf.fill([1, 400], 0.5), tf.tensor1d([0], 'int32'), free);
  expect(closest[0]! / exact).toBeGreaterThan(0.999);
  expect(closest[0]! / exact).toBeLessThan(1.02);
});

isAsStrongWithTargets(cw({ steps: 25, searches: 2, learningRate: 0.03, initialWeight: 0.3 }), 'l2');
