import type { Attack, Classifier, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** Three examples of a linear model of two classes, for attacks that know labels only. */
export const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
/** Dual norms of the slopes. */
export const dual = { linf: 6, l2: Math.hypot(...slopes) };
export const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0] });
const rows = [
  [0.5, 0.4, 0.5, 0.6, 0.5, 0.5],
  [0.3, 0.5, 0.6, 0.5, 0.3, 0.6],
  [0.6, 0.2, 0.5, 0.6, 0.4, 0.5],
];
/** Of the second class over the first. */
export const leads = rows.map((row) => row.reduce((sum, value, i) => sum + value * slopes[i]!, -0.3));
export const x = tf.tensor2d(rows);
export const y = tf.tensor1d(
  leads.map((lead) => Number(lead > 0)),
  'int32',
);

/** Every point is of the label 1. */
const constant: Classifier = {
  ...model,
  logits: (input) => tf.tidy(() => tf.add(tf.mul(model.logits(input), 0), tf.tensor2d([[0, 1]]))),
};

/** Runs `body` with the labels of these examples alone, and tells how many it asked for. */
export async function withLabels(
  norm: 'l2' | 'linf',
  body: (scope: Scope<'labels'>) => Promise<void>,
): Promise<Int32Array> {
  const attack = defineAttack({
    name: 'probe',
    summary: 'Looks at parts of label attacks.',
    knowledge: 'labels',
    norms: ['l2', 'linf'],
    budget: 'minimal',
    options: z.strictObject({}),
    perturb: body,
  });
  return (await attack().run(model, x, y, { norm, epsilon: Infinity })).queries;
}

/** That an attack from labels fails, and says so, where every point is of the label. */
export function failsWithoutStart(attack: Attack): void {
  describe('without a start', () => {
    it(`'${attack.name}' fails, and says so`, async () => {
      const ones = tf.ones([3], 'int32');
      const result = await attack.run(constant, x, ones, { norm: 'l2', epsilon: Infinity });
      expect([...result.success]).toEqual([0, 0, 0]);
      expect([...result.closest]).toEqual([Infinity, Infinity, Infinity]);
      expect([...(await result.adversarial.data())]).toEqual([...(await x.data())]);
    });
  });
}
