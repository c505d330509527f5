import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Attack, Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { usualUnit, type Unit } from '../test/contract/problem.js';
import { deepfool } from './deepfool.js';
import { fgsm } from './fgsm.js';
import { fmn } from './fmn.js';
import { pgd } from './pgd.js';
import { transfer } from './transfer.js';

const binary = (slopes: readonly number[], bias: number): Classifier =>
  linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [bias, 0], bounds: [-10, 10] });
const target = binary([1, 2, -1], 0);
const x = tf.tensor2d([
  [0.1, 0.1, 0],
  [0.25, 0.1, 0],
  [0.4, 0.4, 0],
]);
const y = tf.ones([3], 'int32');
// Leads 0.3, 0.45 and 1.2 of class 1.
const threat = { norm: 'linf', epsilon: 0.2 } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** A model for the inputs and classes of the contract that resembles none of those attacked. */
function otherModel({ scale, shift }: Unit = usualUnit) {
  const weights = Array.from({ length: 32 }, (_, i) => Array.from({ length: 5 }, (_, k) => Math.sin(3 * i + 7 * k)));
  const scaled = weights.map((row) => row.map((weight) => weight / scale));
  const bias = scaled.reduce((sum, row) => sum.map((each, k) => each - shift * row[k]!), [0, 0, 0, 0, 0]);
  return linearClassifier({
    weights: scaled,
    bias,
    inputShape: [4, 4, 2],
    bounds: [shift - scale, shift + 3 * scale],
  });
}

contractOf(transfer, {
  rows: [
    {
      attack: transfer({ surrogate: otherModel(), attack: pgd({ steps: 5 }) }),
      norms: ['linf', 'l2', 'l1'],
      classes: 5,
      inUnit: (unit) => transfer({ surrogate: otherModel(unit), attack: pgd({ steps: 5 }) }),
    },
    {
      attack: transfer({ surrogate: otherModel(), attack: fmn({ steps: 10 }) }),
      norms: ['l0'],
      maximizes: false,
      classes: 5,
      inUnit: (unit) => transfer({ surrogate: otherModel(unit), attack: fmn({ steps: 10 }) }),
    },
  ],
});

describe('transfer', () => {
  it('fools what the crafted points fool, for one query', async () => {
    // Signs agree in the first two values: the points lower the lead by 0.2 (1 + 2 - 1) = 0.4,
    // enough for leads under 0.4.
    const surrogate = binary([3, 1, 2], 0.1);
    const result = await transfer({ surrogate, attack: fgsm() }).run(target, x, y, threat);
    expect([...result.success]).toEqual([1, 0, 0]);
    expect([...result.queries]).toEqual([1, 1, 1]);
    expect(result.fooledBy[0]).toBe('transfer');
    const wanted = await fgsm().maximize(surrogate, x, y, threat);
    expect([...(await result.adversarial.data())].slice(0, 3)).toEqual([...(await wanted.data())].slice(0, 3));
  });

  it('is the attack itself where the surrogate is the target', async () => {
    const own = await pgd({ start: 'zero' }).run(target, x, y, threat);
    const borrowed = await transfer({ surrogate: target, attack: pgd({ start: 'zero' }) }).run(target, x, y, threat);
    expect([...borrowed.success]).toEqual([...own.success]);
    expect([...own.success]).toEqual([1, 1, 0]);
  });

  it('lets the crafting attack run on where the surrogate is wrong already', async () => {
    // It gets every example wrong, yet its gradient is that of the target.
    const surrogate = binary([1, 2, -1], 5);
    const result = await transfer({ surrogate, attack: pgd({ start: 'zero' }) }).run(target, x, y, threat);
    expect([...result.success]).toEqual([1, 1, 0]);
  });

  it('never asks the target for gradients', async () => {
    let asked = 0;
    const guarded: Classifier = {
      ...target,
      logits: (input) => {
        if (tf.engine().state.gradientDepth > 0) asked++;
        return target.logits(input);
      },
    };
    (await transfer({ surrogate: target, attack: pgd() }).run(guarded, x, y, threat)).adversarial.dispose();
    expect(asked).toBe(0);
  });

  it('brings points of a minimal-norm attack into the ball', async () => {
    const surrogate = binary([1, 2, -1], 1);
    const l2 = { norm: 'l2', epsilon: 0.1 } as const;
    const result = await transfer({ surrogate, attack: deepfool() }).run(target, x, y, l2);
    result.distance.forEach((distance) => expect(distance).toBeLessThanOrEqual(0.1 + 1e-6));
  });

  it('tries a point per restart', async () => {
    const surrogate = binary([3, 1, 2], 0.1);
    const attack = transfer({ surrogate, attack: pgd({ steps: 1, stepSize: 0.01 }) });
    const result = await attack.run(target, x, y, threat, { restarts: 5 });
    expect(result.queries[2]).toBe(5);
  });

  it('names what does not fit', async () => {
    const three = linearClassifier({
      weights: [
        [0, 1, 2],
        [0, 1, 2],
        [0, 1, 2],
      ],
      bias: [0, 0, 0],
      bounds: [-10, 10],
    });
    await expect(transfer({ surrogate: three, attack: pgd() }).run(target, x, y, threat)).rejects.toMatchObject({
      code: 'ADVROB_OPTION',
      message: expect.stringContaining('3 classes') as string,
    });
    expect(() => transfer({ surrogate: {} as Classifier, attack: pgd() })).toThrow(/surrogate: expected a classifier/);
    expect(() => transfer({ surrogate: target, attack: 'pgd' as unknown as Attack })).toThrow(
      /attack: expected an attack/,
    );
    await expect(
      transfer({ surrogate: target, attack: pgd() }).run(target, x, y, { norm: 'l0', epsilon: 1 }),
    ).rejects.toMatchObject({ code: 'ADVROB_NORM' });
  });
});
