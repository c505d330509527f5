import {
  AdvrobError,
  parseOptions,
  type Classifier,
  type Extras,
  type ForwardOptions,
  type NoExtras,
  type Objective,
  type Saved,
} from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** Options of every primal-dual objective, with the defaults of the authors' code. */
export const dualFields = {
  rho: z
    .number()
    .min(0)
    .default(0.1)
    .describe('what the constrained loss may be at most, in nats of cross-entropy; ln(classes) is chance level'),
  dualStep: z
    .number()
    .min(0)
    .default(0.001)
    .describe('step of the dual variable; 0 fixes the weight. Short runs need more, e.g. 0.02'),
  nu: z.number().min(0).default(1).describe('dual variable at the start: the weight of the constrained loss'),
  maxNu: z
    .number()
    .positive()
    .optional()
    .describe('largest dual variable; left out: none, so that it grows on while rho is not met'),
};

export const dualOptions = z.strictObject(dualFields);

type DualOptions = z.output<typeof dualOptions>;

/** The two losses of constrained training; all tensors are scalars. */
export interface ConstrainedLosses {
  /** What is minimised. */
  readonly minimised: Tensor;
  /** What must be at most rho. */
  readonly constrained: Tensor;
  /** Named parts for the log. */
  readonly terms?: Readonly<Record<string, Tensor>>;
}

/** Minimise one loss while another stays at most rho. */
export interface ConstrainedProblem<P extends Extras, E extends Extras = NoExtras> {
  readonly prepare: Objective<P, E>['prepare'];
  /** Differentiable in the weights, as an objective's `loss`. */
  losses(prepared: P, model: Classifier, how: ForwardOptions): ConstrainedLosses;
}

/**
 * Primal-dual training of any constrained problem (Robey et al. 2021,
 * https://arxiv.org/abs/2110.15767, algorithm 1): each step descends `minimised + nu * constrained`
 * in the weights, then `nu <- [nu + dualStep * (constrained - rho)]_+`, with the constrained loss
 * from before the step. Each step logs the `nu` that it used and `slack = rho - constrained`. nu is
 * in the checkpoint; a further run with the objective goes on with it. A rho that cannot be met is
 * no error: nu grows on until `maxNu`, or until the guards of `fit` stop the run; see the README.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { meanCrossEntropy } from '@advrob/core/losses';
 * import { primalDual } from '@advrob/trainers-dual-langevin';
 * const objective = primalDual(
 *   {
 *     prepare: async (batch, { maximize }) => ({
 *       x: batch.x, adversarial: await maximize(batch), y: batch.y,
 *     }),
 *     losses: ({ x, adversarial, y }, model, how) => ({
 *       minimised: meanCrossEntropy(model.logits(adversarial, how), y),
 *       constrained: meanCrossEntropy(model.logits(x, how), y),
 *     }),
 *   },
 *   { rho: 0.5, dualStep: 0.02 },
 * );
 * ```
 */
export function primalDual<P extends Extras, E extends Extras = NoExtras>(
  problem: ConstrainedProblem<P, E>,
  options?: z.input<typeof dualOptions>,
): Objective<P, E> {
  const settings = parseOptions(dualOptions, options, 'primalDual');
  const { rho, dualStep, nu: initial, maxNu } = checked(settings);
  const state: Saved = {};
  // Before a run opens, the weight is what it will start with.
  const weight = (): Tensor => (state['nu'] as Variable | undefined) ?? tf.scalar(initial);

  return {
    state,
    prepare: problem.prepare,
    open() {
      state['nu'] ??= tf.tidy(() => tf.variable(tf.scalar(initial), false));
    },
    loss: (prepared, model, how) => {
      const { minimised, constrained, terms } = problem.losses(prepared, model, how);
      const nu = weight();
      return {
        total: tf.add(minimised, tf.mul(nu, constrained)),
        terms: { ...terms, nu: tf.clone(nu), slack: tf.sub(rho, constrained) },
      };
    },
    afterGradient({ slack }) {
      const moved = tf.relu(tf.sub(weight(), tf.mul(dualStep, slack!)));
      (state['nu'] as Variable).assign((maxNu === undefined ? moved : tf.minimum(moved, maxNu)) as Scalar);
    },
    dispose() {
      tf.dispose(state['nu'] as Variable | undefined);
      delete state['nu'];
    },
  };
}

function checked(options: DualOptions): DualOptions {
  if (options.maxNu === undefined || options.nu <= options.maxNu) return options;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `nu: starts at ${options.nu}, above maxNu ${options.maxNu}: lower nu or raise maxNu`,
  );
}
