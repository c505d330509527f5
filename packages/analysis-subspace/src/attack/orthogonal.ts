import { AdvrobError, type Attack, type GradientModel, type Rows, type Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { givenSubspace, resolveGiven } from '../subspace/subspace-option.js';
import { projectAway, type Subspace } from '@advrob/datasets';
import { orthogonalThreat } from './orthogonal-threat.js';

const inner: z.ZodType<Attack, Attack> = z
  .any()
  .refine(isAttack, 'expected an attack with its options, such as pgd()')
  .meta({ advrob: 'attack' })
  .describe('attack whose steps are kept orthogonal to the subspace');

/**
 * Any attack, restricted to perturbations orthogonal to the subspace P that data lie on: it sees the gradient's part in M and a ball cut by M, so that it keeps
 * its own steps, starts and schedules. For any model, with any fixed-budget attack that keeps its points by `threat.project`, ensembles included.
 *
 * Examples at the bounds of the model leave no room for directions that involve them, unless P is spanned by axes: MNIST on its principal components needs a model
 * with wider `bounds`. The attack loss is cross-entropy unless the run names one, whatever the inner attack's own default.
 *
 * Options: `attack`, an attack with its options; `subspace`, `{ unused }` with the flat indices of the input values that may change, `{ basis }` with rows that
 * span P, or a {@link Subspace}.
 *
 * @throws AdvrobError `ADVROB_OPTION` for an inner attack that searches a minimal norm or knows labels only, and for a subspace of other inputs.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { deadInputs, orthogonal } from '@advrob/analysis-subspace';
 * const attack = orthogonal({ attack: pgd({ steps: 20 }), subspace: await deadInputs(train) });
 * const { robustAccuracy } = await attack.run(model, x, y, { norm: 'l2', epsilon: 2 });
 * ```
 */
export const orthogonal = defineAttack({
  name: 'orthogonal',
  summary: 'Restricts another attack to perturbations orthogonal to the subspace that data lie on.',
  paper:
    'Melamed, Yehudai, Vardi 2023, Adversarial Examples Exist in Two-Layer ReLU Networks for Low Dimensional Linear Subspaces, https://arxiv.org/abs/2303.00783',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  options: z.strictObject({ attack: inner, subspace: givenSubspace }),
  async perturb(scope, options) {
    const { attack } = options;
    const { budget, knowledge, norms } = attack.definition;
    if (budget === 'minimal' || knowledge === 'labels')
      throw new AdvrobError(
        'ADVROB_OPTION',
        `attack 'orthogonal': '${attack.name}' ${
          knowledge === 'labels' ? 'knows labels only' : 'searches outside of the ball'
        }, so its points cannot be kept orthogonal: take a fixed-budget attack with gradients or scores, such as pgd`,
      );
    if (!norms.includes(scope.threat.norm))
      throw new AdvrobError(
        'ADVROB_NORM',
        `attack 'orthogonal': '${attack.name}' works for ${norms.join(', ')}, not for ${scope.threat.norm}`,
      );
    const size = scope.x.shape.slice(1).reduce((product, extent) => product * extent, 1);
    const subspace = resolveGiven(options.subspace, size);
    return attack.definition.perturb(restrictedScope(scope, subspace) as never, attack.options);
  },
});

function restrictedScope(scope: Scope<'gradients'>, subspace: Subspace): Scope<'gradients'> {
  const within = (other: Attack): Attack => orthogonal({ attack: other, subspace });
  const changes: Partial<Scope<'gradients'>> = {
    iterate: (start, steps, update) =>
      scope.iterate(start, steps, (state, rows) => update(state, restrictedRows(rows, subspace))),
    expand: (lanes) => restrictedScope(scope.expand(lanes), subspace),
    attack: (other, options) => scope.attack(within(other), options),
    craft: (other, surrogate, options) => scope.craft(within(other), surrogate, options),
  };
  return replacing(restrictedRows(scope, subspace), changes);
}

/** The same rows with a threat and a gradient that know M alone. */
function restrictedRows<R extends Rows<'gradients'>>(rows: R, subspace: Subspace): R {
  const model: GradientModel = {
    ...rows.model,
    gradient: (x, loss) => {
      const found = rows.model.gradient(x, loss);
      const gradient = projectAway(subspace, found.gradient);
      tf.dispose(found.gradient);
      return { ...found, gradient };
    },
  };
  const changes: Partial<Rows<'gradients'>> = { model, threat: orthogonalThreat(rows.threat, subspace) };
  return replacing(rows, changes as Partial<R>);
}

/** A copy with some properties replaced. Getters stay getters: the clean logits are computed only when asked for. */
function replacing<T extends object>(base: T, changes: Partial<T>): T {
  const descriptors = { ...Object.getOwnPropertyDescriptors(base), ...Object.getOwnPropertyDescriptors(changes) };
  return Object.defineProperties({}, descriptors) as T;
}

function isAttack(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'definition' in value && 'maximize' in value;
}
