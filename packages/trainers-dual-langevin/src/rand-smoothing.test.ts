import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testTrainer } from '../../training/test/support/contracts.js';
import { expectNoLeaks } from '../../training/test/support/cpu.js';
import { randSmoothingTrainer } from './rand-smoothing.js';

testTrainer(randSmoothingTrainer, {
  options: { samples: 2 },
  variants: { 'rand-smoothing as in advbench': { samples: 2, advbenchCompat: true } },
});
expectNoLeaks();

describe('smoothing as in advbench', () => {
  /** A classifier of one input whose gradient changes its sign at 0.6. */
  const bump: Classifier = {
    inputShape: [1],
    numClasses: 2,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => tf.concat([tf.square(tf.sub(x, 0.6)), tf.zerosLike(x)], 1)),
  };
  const attacked = async (advbenchCompat: boolean, steps: number) => {
    const { attack } = randSmoothingTrainer({ advbenchCompat, steps, stepSize: 0.15, sigma: 1e-6, samples: 3 });
    const x = tf.tensor2d([[0.5]]);
    const y = tf.tensor1d([0], 'int32');
    const adv = await attack!.maximize(bump, x, y, { norm: 'linf', epsilon: 0.3 });
    const [value] = await adv.data();
    tf.dispose([x, y, adv]);
    return value!;
  };

  it('steps from the clean example each time, along the gradient at the last point', async () => {
    expect(await attacked(true, 1)).toBeCloseTo(0.65, 5);
    expect(await attacked(true, 2)).toBeCloseTo(0.35, 5);
    expect(await attacked(true, 3)).toBeCloseTo(0.65, 5);
  });

  it('and as the method says goes on from the last point', async () => {
    expect(await attacked(false, 1)).toBeCloseTo(0.65, 5);
    expect(await attacked(false, 2)).toBeCloseTo(0.5, 5);
  });
});
