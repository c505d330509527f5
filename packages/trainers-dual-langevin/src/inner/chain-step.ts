import { langevinStep, type LangevinNoise } from '@advrob/attacks';
import type { Attack } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * An attack that makes one more step of a Langevin chain, so that a caller can keep the points between. For inner maximisation alone.
 *
 * @param from The chain so far, [n, ...inputShape], row by row as the batch that is attacked.
 */
export function chainStep(from: Tensor, stepSize: number, noise: LangevinNoise): Attack {
  return defineAttack({
    name: 'langevin-chain',
    summary: 'One step of a Langevin chain from given points.',
    knowledge: 'gradients',
    norms: ['linf'],
    budget: 'fixed',
    options: z.strictObject({}),
    async perturb(scope) {
      const { adv } = await scope.iterate({ adv: from }, 1, ({ adv }, rows) => ({
        adv: langevinStep(rows, adv, rows.model.gradient(adv, rows.lossOf).gradient, stepSize, noise),
      }));
      return adv;
    },
  })();
}
