import { langevin, langevinStep, pgd } from '@advrob/attacks';
import type { Attack, Objective, RowRandom } from '@advrob/core';
import { crossEntropyLoss } from '@advrob/core/losses';
import { createRowRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { fgsmAt, fit, pgdAt } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { expectNoLeaks } from '../../training/test/support/cpu.js';
import { fixtureModel } from '../../training/test/support/fixture.js';
import { valuesOf } from '../../training/test/support/tiny-model.js';
import { testDaleLoss, testTenSteps } from '../test/support/dale.js';
import { common, epsilon } from '../test/support/fixed-run.js';
import { dale, gaussianDaleTrainer, laplacianDaleTrainer } from './dale.js';

testDaleLoss('dale', dale);
testObjective(dale, { options: { nu: 0.5 } });
testTrainer(gaussianDaleTrainer);
testTrainer(laplacianDaleTrainer, { options: { advbenchCompat: true } });
testTenSteps('gaussian-dale', gaussianDaleTrainer);
testTenSteps('laplacian-dale', laplacianDaleTrainer);
expectNoLeaks();

async function trained(objective: Objective, attack?: Attack) {
  const model = fixtureModel();
  await fit({ ...common, model, objective, ...(attack && { attack }) });
  const values = await valuesOf(model);
  model.dispose!();
  return values;
}
const daleAlone = () => dale({ nu: 0 }) as unknown as Objective;

describe('the sampler', () => {
  it.each(['gaussian', 'laplace'] as const)(
    'without noise (%s) and without the clean loss is PGD-AT, bit for bit',
    async (sampler) => {
      const steps = { steps: 5, stepSize: 0.06, start: 'zero' } as const;
      const own = await trained(daleAlone(), langevin({ sampler, noise: 0, ...steps }));
      expect(own).toEqual(await trained(pgdAt(), pgd(steps)));
    },
  );

  it.each(['gaussian', 'laplace'] as const)(
    'of one step of epsilon from the clean example without noise (%s) is FGSM-AT, bit for bit',
    async (sampler) => {
      const own = await trained(
        daleAlone(),
        langevin({ sampler, noise: 0, steps: 1, stepSize: epsilon, start: 'zero' }),
      );
      expect(own).toEqual(await trained(fgsmAt({ start: 'zero' }) as unknown as Objective));
    },
  );

  it('ascends log(1 - p) and cross-entropy on the same path, unless noise stands beside the raw gradient', async () => {
    const ball = { norm: 'linf', epsilon } as const;
    const model = fixtureModel();
    const x = tf.randomUniform([16, 4], 0, 1, 'float32', 9);
    const y = tf.tidy(() => tf.cast(tf.argMax(tf.slice(x, [0, 0], [16, 3]), 1), 'int32'));
    const path = async (attack: Attack, loss: typeof crossEntropyLoss | undefined) => {
      const adv = await attack.maximize(model, x, y, ball, loss && { loss });
      const values = [...(await adv.data())];
      adv.dispose();
      return values;
    };
    const of = (noise: number) => langevin({ sampler: 'laplace', noise, steps: 8, start: 'zero' });
    expect(await path(of(0), undefined)).toEqual(await path(of(0), crossEntropyLoss));
    expect(await path(of(0.3), undefined)).not.toEqual(await path(of(0.3), crossEntropyLoss));
    tf.dispose([x, y]);
    model.dispose!();
  });

  const scripted = (values: number[]): RowRandom => {
    const draw = () => tf.tensor2d([values]);
    return { uniform: draw, normal: draw, laplace: draw };
  };

  it('without a gradient is augmentation by noise: normal values, or random signs', () => {
    const found = tf.tidy(() => {
      const x = tf.fill([1, 4], 0.5);
      const place = { x, threat: createThreat({ norm: 'linf', epsilon }, [0, 1]), rng: scripted([1, -2, 9, -9]) };
      const none = tf.zeros([1, 4]);
      return [
        langevinStep(place, x, none, 0.1, { sampler: 'gaussian', noise: 0.05 }).dataSync(),
        langevinStep(place, x, none, 0.1, { sampler: 'laplace', noise: 0.05 }).dataSync(),
      ];
    });
    [0.55, 0.4, 0.7, 0.3].forEach((value, i) => expect(found[0]![i]).toBeCloseTo(value, 6));
    [0.6, 0.4, 0.6, 0.4].forEach((value, i) => expect(found[1]![i]).toBeCloseTo(value, 6));
  });

  it('without a gradient and without a ball gives the Gaussian noise of randomised smoothing', async () => {
    const model = linearClassifier({ weights: Array(4000).fill([0, 0]), bias: [0, 0], bounds: [-50, 50] });
    const x = tf.zeros([1, 4000]);
    const y = tf.tensor1d([0], 'int32');
    const attack = langevin({ steps: 1, stepSize: 0.1, noise: 0.5, start: 'zero' });
    const adv = await attack.maximize(model, x, y, { norm: 'linf', epsilon: Infinity }, { seed: 5 });
    const rng = createRowRandom({ seed: 5, ids: Int32Array.of(0), scope: 'langevin' });
    const noise = tf.tidy(() => tf.mul(rng.normal('langevin', [4000]), 0.5));
    expect([...(await adv.data())]).toEqual([...(await noise.data())]);
    tf.dispose([x, y, adv, noise]);
    model.dispose?.();
  });
});
