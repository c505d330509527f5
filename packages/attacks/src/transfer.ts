import type { Attack, Classifier } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';

const surrogate: z.ZodType<Classifier, Classifier> = z
  .any()
  .refine(hasFunction('logits'), 'expected a classifier, an object with `logits`, bounds and inputShape')
  .meta({
    advrob: 'model',
    description:
      'model that the points are crafted on; its bounds, input shape and classes must be those of the target',
  });
const attack: z.ZodType<Attack, Attack> = z
  .any()
  .refine(hasFunction('maximize'), 'expected an attack with its options, such as mim()')
  .meta({ advrob: 'attack', description: 'attack that crafts them, with its options' });

const options = z.strictObject({ surrogate, attack });

/**
 * Transfer: crafts points on a surrogate with the last iterates of any attack (`maximize`), and
 * asks the target for one label each, all that the adversary sees of it. Points of a minimal-norm
 * attack are projected on the ball; they lie at the surrogate's boundary and rarely transfer.
 *
 * The crafting attack runs to its end also where the surrogate is fooled early: later iterates
 * transfer better. Each restart asks once. A target that falls to transfer but not to its own
 * gradients hides these.
 *
 * @example
 * ```ts
 * const attack = transfer({ surrogate: other, attack: mim() });
 * const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 16 / 255 });
 * ```
 */
export const transfer = defineAttack({
  name: 'transfer',
  summary: 'Crafts points on a surrogate model with any attack and judges them on the target.',
  paper:
    'Papernot et al. 2016, Transferability in Machine Learning: from Phenomena to Black-Box Attacks using Adversarial Samples, https://arxiv.org/abs/1605.07277',
  knowledge: 'labels',
  norms: ['linf', 'l2', 'l1', 'l0'],
  budget: 'fixed',
  loss: null,
  options,
  async perturb(scope, { surrogate, attack }) {
    if (surrogate.numClasses !== scope.model.numClasses)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `attack 'transfer': surrogate: it has ${surrogate.numClasses} classes but the target ${scope.model.numClasses}: craft on a model for the same labels`,
      );
    const points = await scope.craft(attack, surrogate);
    return attack.definition.budget === 'minimal' ? scope.threat.project(points, scope.x) : points;
  },
});

function hasFunction(name: string): (value: unknown) => boolean {
  return (value) =>
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function';
}
