import { AdvrobError } from '@advrob/core';
import type { Attack, Dataset, GradientModel, Rows, Scope, ThreatModel } from '@advrob/core';
import { defineAttack, isAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { deadInputs, principalComponents, projectAway, spanOf, withoutInputs } from '@advrob/datasets';
import type { Subspace } from '@advrob/datasets';
import type { Tensor } from '@tensorflow/tfjs-core';

const unused = z.strictObject({
  unused: z.array(z.int().min(0)).min(1).describe('flat indices of the input values that data never use'),
});
const basis = z.strictObject({
  basis: z.array(z.array(z.number())).min(1).describe('rows that span the subspace, each as long as an input'),
});
const made: z.ZodType<Subspace, Subspace> = z.any().refine(isSubspace, 'expected { unused }, { basis }, or a Subspace');

/** A subspace that needs no data, or one that is made already. */
const givenSubspace = z.union([unused, basis, made]).describe('subspace that data lie on');
/** A subspace, also one that is found in the data of the analysis. */
export const foundSubspace = z
  .union([
    z.strictObject({ components: z.int().min(1).describe('leading principal components, without centring') }),
    z.strictObject({ dead: z.literal(true).describe('all input values that are not 0 in every example') }),
    unused,
    basis,
  ])
  .describe('subspace that data lie on');

/** @throws AdvrobError `ADVROB_OPTION` for indices or rows that fit no input of `size` values. */
function resolveGiven(option: z.infer<typeof givenSubspace>, size: number): Subspace {
  if ('unused' in option) return withoutInputs(size, option.unused);
  return 'kind' in option ? option : spanOf(option.basis);
}

/** @throws AdvrobError as the functions that find it. */
export async function resolveFound(option: z.infer<typeof foundSubspace>, data: Dataset): Promise<Subspace> {
  if ('components' in option) return principalComponents(data, option.components);
  if ('dead' in option) return deadInputs(data);
  return resolveGiven(
    option,
    data.inputShape.reduce((product, extent) => product * extent, 1),
  );
}

function isSubspace(value: unknown): value is Subspace {
  return typeof value === 'object' && value !== null && 'kind' in value && 'size' in value && 'dimension' in value;
}

const inner: z.ZodType<Attack, Attack> = z
  .any()
  .refine(isAttack, 'expected an attack with its options, such as pgd()')
  .meta({ advrob: 'attack' })
  .describe('attack whose steps are kept orthogonal to the subspace');

/**
 * Any attack, restricted to perturbations orthogonal to the subspace P that data lie on: it sees
 * the gradient's part in M and a ball cut by M, so that it keeps its own steps, starts and
 * schedules. For any model, with any fixed-budget attack that keeps its points by `threat.project`,
 * ensembles included.
 *
 * Examples at the bounds of the model leave no room for directions that involve them, unless P is
 * spanned by axes: MNIST on its principal components needs a model with wider `bounds`. The attack
 * loss is cross-entropy unless the run names one, whatever the inner attack's own default.
 *
 * @throws AdvrobError `ADVROB_OPTION` for an inner attack that searches a minimal norm or knows
 *   labels only, and for a subspace of other inputs.
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

/**
 * A copy with some properties replaced. Getters stay getters: the clean logits are computed only
 * when asked for.
 */
function replacing<T extends object>(base: T, changes: Partial<T>): T {
  const descriptors = { ...Object.getOwnPropertyDescriptors(base), ...Object.getOwnPropertyDescriptors(changes) };
  return Object.defineProperties({}, descriptors) as T;
}

/**
 * A threat model whose adversary may only move in M, orthogonal to P: the ball cut by M.
 *
 * Where P is spanned by axes, `project` is that of the norm on the other input values. Otherwise
 * the change is projected on M and then shortened until it fits the ball and the bounds, which
 * keeps it in M but is not the nearest point: give the model wider bounds when clean examples lie
 * at them.
 */
export function orthogonalThreat(base: ThreatModel, subspace: Subspace): ThreatModel {
  return {
    norm: base.norm,
    epsilon: base.epsilon,
    bounds: base.bounds,
    withEpsilon: (epsilon) => orthogonalThreat(base.withEpsilon(epsilon), subspace),
    project: (adv, x) =>
      tf.tidy(() => {
        const change = projectAway(subspace, tf.sub(adv, x));
        if (subspace.kind === 'axes') return base.project(tf.add(x, change), x);
        return tf.add(x, tf.mul(change, sharedLength(base, change, x)));
      }),
    steepestAscent: (gradient) =>
      tf.tidy(() => {
        const inside = projectAway(subspace, gradient);
        if (subspace.kind === 'axes' || base.norm === 'l2') return base.steepestAscent(inside);
        // Not the steepest in M, but it ascends: for linf <g, P sign(P g)> = |P g|_1.
        return projectAway(subspace, base.steepestAscent(inside));
      }),
    randomStart: (x, rng) => {
      const start = base.randomStart(x, rng);
      try {
        return tf.tidy(() => orthogonalThreat(base, subspace).project(start, x));
      } finally {
        start.dispose();
      }
    },
    distance: (adv, x) => base.distance(adv, x),
  };
}

/**
 * The largest factor up to 1, [n, 1, ...], by which each row of `change` may be multiplied so that
 * x + change stays in the ball and the bounds.
 */
function sharedLength({ epsilon, bounds: [low, high], distance }: ThreatModel, change: Tensor, x: Tensor): Tensor {
  const rows = tf.reshape(change, [x.shape[0]!, -1]);
  const inputs = tf.reshape(x, rows.shape);
  const room = tf.where(tf.greater(rows, 0), tf.sub(high, inputs), tf.sub(inputs, low));
  const perValue = tf.where(tf.notEqual(rows, 0), tf.div(room, tf.maximum(tf.abs(rows), 1e-30)), tf.onesLike(rows));
  const inBounds = tf.min(tf.maximum(perValue, 0), 1);
  const length = distance(change, tf.zerosLike(change));
  // The ball of radius 0 holds the example alone, that of radius Infinity everything.
  const inBall =
    epsilon === Infinity ? tf.onesLike(length) : tf.div(epsilon, tf.maximum(length, Math.max(epsilon, 1e-30)));
  return tf.reshape(tf.minimum(tf.minimum(inBounds, inBall), 1), [-1, ...x.shape.slice(1).map(() => 1)]);
}
