import type { Attack, Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallProblem, usualUnit, type Problem } from '../contract/problem.js';

/** So many that a point of accuracy is one example. */
const examples = 100;
const classes = 5;
const title = 'of a hundred examples at most one more withstands';

let problem: Problem;

function onHundred(body: () => void): void {
  describe(title, () => {
    beforeAll(async () => {
      await tf.setBackend('cpu');
      problem = await smallProblem([4, 4, 2], usualUnit, examples);
    });
    afterAll(() => problem.dispose());
    body();
  });
}

/**
 * Which examples fall, the clean error included; `shift`: towards the class so many after the
 * label.
 */
async function fallen(attack: Attack, norm: Norm, shift?: number): Promise<boolean[]> {
  const { model, x, y, labels, mislabelled } = problem;
  const targets =
    shift === undefined
      ? undefined
      : tf.tensor1d(
          labels.map((label) => (label + shift) % classes),
          'int32',
        );
  const how = { seed: 3, ...(targets && { targets }) };
  const { success, adversarial } = await attack.run(model, x, y, { norm, epsilon: problem.epsilonOf(norm) }, how);
  tf.dispose([adversarial, targets ?? []]);
  return Array.from(success, (hit, i) => i === mislabelled || hit === 1);
}

async function withstand(attack: Attack, norm: Norm): Promise<number> {
  return (await fallen(attack, norm)).filter((falls) => !falls).length;
}

async function withstandEveryTarget(attack: Attack, norm: Norm): Promise<number> {
  const each: boolean[][] = [];
  for (let shift = 1; shift < classes; shift++) each.push(await fallen(attack, norm, shift));
  return each[0]!.filter((_, i) => each.every((falls) => !falls[i])).length;
}

/** That an attack is no weaker towards every other class in turn than without a target. */
export function isAsStrongWithTargets(attack: Attack, norm: Norm): void {
  onHundred(() => {
    it(`${attack.name} towards every other class in turn than without a target`, async () => {
      const untargeted = await withstand(attack, norm);
      // Neither all nor nothing, or the comparison would say little.
      expect(untargeted).toBeGreaterThan(5);
      expect(untargeted).toBeLessThan(95);
      expect(await withstandEveryTarget(attack, norm)).toBeLessThanOrEqual(untargeted + 1);
    });
  });
}

/** That an attack that goes for classes in turn is no weaker than a rival that goes for none. */
export function isAsStrongAs(
  cases: readonly (readonly [name: string, attack: Attack, rival: Attack, norm: Norm])[],
): void {
  onHundred(() => {
    it.each(cases)('%s than its untargeted rival', async (_, attack, rival, norm) => {
      expect(await withstand(attack, norm)).toBeLessThanOrEqual((await withstand(rival, norm)) + 1);
    });
  });
}
