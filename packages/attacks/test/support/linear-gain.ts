import type { Attack, Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

/**
 * That the last iterates of attacks are where the loss is highest. Two classes whose boundary is
 * linear: no point of a ball has a higher loss than the one at epsilon times the dual norm.
 */
export function reachDualNorm(
  attacks: readonly (readonly [name: string, Attack])[],
  { epsilons = [0.01, 0.3, 2], digits = 3 } = {},
): void {
  describe.each(['linf', 'l2', 'l1'] as const)('linear model, %s', (norm) => {
    const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
    const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0], bounds: [-10, 10] });
    const x = tf.tensor2d([
      [1, 0, 2, -1, 0.5, 0],
      [0, 1, 0, 3, -2, 1],
    ]);
    const y = tf.tensor1d([1, 0], 'int32');
    const dual: Record<typeof norm, number> = {
      linf: slopes.reduce((sum, slope) => sum + Math.abs(slope), 0),
      l2: Math.hypot(...slopes),
      l1: Math.max(...slopes.map(Math.abs)),
    };
    const gainOf = async (adv: tf.Tensor): Promise<number[]> => {
      const scores = tf.mul(
        tf.sub(model.logits(adv), model.logits(x)),
        tf.tensor2d([
          [0, -1],
          [0, 1],
        ]),
      );
      return Array.from(await tf.sum(scores, 1).data());
    };

    it.each(attacks)('%s reaches epsilon times the dual norm', async (name, attack) => {
      for (const epsilon of epsilons) {
        const gains = await gainOf(await attack.maximize(model, x, y, { norm: norm as Norm, epsilon }));
        for (const gain of gains)
          expect(gain / (epsilon * dual[norm])).toBeCloseTo(1, name.includes('random') ? 1 : digits);
      }
    });
  });
}
