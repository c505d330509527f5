import type { Attack } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

/** That an attack in L0 changes so many values to win leads of 1.9, 2.5 and 3.2. */
export function takesFewest(attack: Attack, changed: readonly [number, number, number]): void {
  describe('the fewest values on a linear model', () => {
    // Each value can take its slope from the lead: 2, 1, 0.5 and 0.1 from the largest.
    const modelWith = (lead: number) =>
      linearClassifier({
        weights: [
          [-1, 1],
          [-0.5, 0.5],
          [-0.25, 0.25],
          [-0.05, 0.05],
        ],
        bias: [lead, 0],
      });
    it.each([
      [1.9, changed[0]],
      [2.5, changed[1]],
      [3.2, changed[2]],
    ])('for a lead of %d', async (lead, wanted) => {
      const y = tf.tensor1d([0], 'int32');
      const threat = { norm: 'l0', epsilon: Infinity } as const;
      const { closest } = await attack.run(modelWith(lead), tf.zeros([1, 4]), y, threat);
      expect(closest[0]).toBe(wanted);
    });
  });
}
