import type { Attack, Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apgdCe, apgdDlr, apgdT, autoattack, bim, cw, ddn, deepfool, fab, fabT, fmn, mim, pgd } from '../src/index.js';
import { on } from './contract/backends.js';
import { smallProblem, usualUnit, type Problem } from './contract/problem.js';

/** A hundred examples, so that a point of accuracy is one example. */
const examples = 100;
const classes = 5;

on('cpu');
let problem: Problem;
beforeAll(async () => {
  problem = await smallProblem([4, 4, 2], usualUnit, examples);
});
afterAll(() => problem.dispose());

/** Which examples fall, the clean error included; `shift`: towards the class so many after the label. */
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

describe('of a hundred examples at most one more withstands', () => {
  it.each<[string, Attack, Norm]>([
    ['pgd', pgd({ steps: 10 }), 'linf'],
    ['bim', bim({ steps: 10 }), 'linf'],
    ['mim', mim({ steps: 10 }), 'linf'],
    ['apgd-ce', apgdCe({ steps: 10 }), 'l2'],
    ['apgd-dlr', apgdDlr({ steps: 10 }), 'linf'],
    ['fab', fab({ steps: 5 }), 'l2'],
    ['deepfool', deepfool({ steps: 10 }), 'l2'],
    ['ddn', ddn({ steps: 20, initialRadius: 0.1 }), 'l2'],
    ['fmn', fmn({ steps: 20 }), 'linf'],
    ['cw', cw({ steps: 25, searches: 2, learningRate: 0.03, initialWeight: 0.3 }), 'l2'],
  ])('%s towards every other class in turn than without a target', async (_, attack, norm) => {
    const untargeted = await withstand(attack, norm);
    // Neither all nor nothing, or the comparison would say little.
    expect(untargeted).toBeGreaterThan(5);
    expect(untargeted).toBeLessThan(95);
    expect(await withstandEveryTarget(attack, norm)).toBeLessThanOrEqual(untargeted + 1);
  });

  it.each<[string, Attack, Attack, Norm]>([
    ['APGD-T', apgdT({ steps: 20 }), apgdCe({ steps: 20 }), 'linf'],
    ['APGD-T', apgdT({ steps: 20 }), apgdCe({ steps: 20 }), 'l2'],
    ['APGD-T', apgdT({ steps: 10 }), apgdCe({ steps: 10 }), 'l1'],
    ['FAB-T', fabT({ steps: 8 }), fab({ steps: 8 }), 'linf'],
    ['AutoAttack', autoattack({ steps: 5, queries: 20 }), pgd({ steps: 60 }), 'linf'],
  ])('%s than its untargeted rival', async (_, attack, rival, norm) => {
    expect(await withstand(attack, norm)).toBeLessThanOrEqual((await withstand(rival, norm)) + 1);
  });
});
