import { createRegistry, type Classifier } from '@advrob/core';
import attacks from '@advrob/attacks';
import { expect, it } from 'vitest';
import { defaultChecks } from '../config/evaluation-schema.js';
import { attacksFor, wantedChecks } from './robustness-checks.js';

const registry = createRegistry([attacks]);

/** So much of a model as the choice of checks looks at. */
function modelOf(weights: number, numClasses = 10): Classifier {
  const w = { size: weights } as Classifier['weights'][string];
  return { inputShape: [4], numClasses, bounds: [0, 1], weights: { w }, logits: (x) => x };
}

it('checks small models unless told otherwise, large ones when asked, and none in L0 by itself', () => {
  expect(wantedChecks(undefined, modelOf(1_000_000), 'linf')).toEqual(defaultChecks);
  expect(wantedChecks(undefined, modelOf(1_000_001), 'linf')).toBeUndefined();
  expect(wantedChecks(true, modelOf(1_000_001), 'linf')).toEqual(defaultChecks);
  expect(wantedChecks(false, modelOf(10), 'linf')).toBeUndefined();
  expect(wantedChecks(undefined, modelOf(10), 'l0')).toBeUndefined();
  const own = { ...defaultChecks, examples: 16 };
  expect(wantedChecks(own, modelOf(1_000_001), 'l0')).toEqual(own);
});

const choose = (norm: 'linf' | 'l2' | 'l0', evaluated: { name: string; options: object }[], numClasses = 10) =>
  attacksFor({
    model: modelOf(10, numClasses),
    threat: { norm, epsilon: 0.1 },
    settings: defaultChecks,
    registry,
    evaluated: evaluated.map(({ name, options }) => ({
      attack: registry.find('attacks', name)(options) as ReturnType<typeof registry.attack>,
      norm,
      epsilon: 0.1,
    })),
  });

it('compares the attack of the evaluation with a longer one, a single step, one without gradients and another loss', () => {
  const chosen = choose('linf', [
    { name: 'autoattack', options: {} },
    { name: 'pgd', options: { steps: 2 } },
    { name: 'apgd-ce', options: { steps: 12, rho: 0.5 } },
  ]);
  expect(chosen.iterative).toMatchObject({ name: 'apgd-ce', options: { steps: 12, rho: 0.5 } });
  expect(chosen.longer).toMatchObject({ name: 'apgd-ce', options: { steps: 36, rho: 0.5 } });
  expect([chosen.singleStep, chosen.blackBox, chosen.other].map((attack) => attack?.name)).toEqual([
    'fgsm',
    'square',
    'apgd-dlr',
  ]);
});

it('takes PGD where the evaluation has nothing that fits, and cross-entropy for two classes', () => {
  expect(choose('l2', []).iterative).toMatchObject({ name: 'pgd', options: { steps: 40 } });
  expect(choose('linf', [], 2).other!.name).toBe('apgd-ce');
  expect(() => choose('l0', [])).toThrow(/checks: none of the attacks follows gradients in l0/);
});
