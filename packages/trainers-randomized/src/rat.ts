import { pgd } from '@advrob/attacks';
import { AdvrobError, defineObjective, defineTrainer, type Classifier, type ForwardOptions } from '@advrob/core';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '@advrob/core/losses';
import { detach, secondPass, sgd, sgdShape, withWeights } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { divergenceFrom, lastLayerSums, softTargets } from './soft-targets.js';

/** What can be set, with the defaults of the official code for CIFAR-10. */
export const ratFields = {
  beta: z
    .number()
    .min(0)
    .default(6)
    .describe('weight of the divergence between clean and adversarial outputs, as in TRADES'),
  alpha: z.number().min(0).max(1).default(0.2).describe('weight of the Taylor terms; cross-entropy gets 1 - alpha'),
  firstTerm: z.boolean().default(true).describe('whether the first Taylor term is trained on'),
  secondTerm: z.boolean().default(true).describe('whether the second Taylor term is trained on'),
  secondWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe("weight of the second term in units of alpha; the authors' ResNet-18 script has 0.4"),
  secondOrderTargets: z
    .enum(['code', 'symmetric'])
    .default('code')
    .describe(
      'code: one soft label for both outputs, as the official code; symmetric: one each way, as in the first term',
    ),
  spread: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'mass that a soft label gives to the other classes; default 1 - 2 / classes, i.e. 0.8 for 10, 0.98 for 100',
    ),
  attackNoise: z
    .number()
    .min(0)
    .default(1e-4)
    .describe('standard deviation of the noise on the weights that the attack sees'),
  noisyWeights: z.string().default('conv').describe('the noise goes to weights whose name contains this; "" is all'),
};
export const ratOptions = z.strictObject({
  ...ratFields,
  probeLoss: z
    .enum(['rat', 'trades'])
    .default('rat')
    .describe('what AWP ascends: the loss itself, or that of TRADES as the official AWP script does'),
});

type RatOptions = z.output<typeof ratOptions>;

/**
 * Randomized adversarial training by Taylor expansion (Jin et al. 2023,
 * https://arxiv.org/abs/2303.10653), as its official code approximates the terms: TRADES whose
 * attack sees weights with a little noise, with soft labels made of class-wise statistics of the
 * last layer's gradient; formulas in the README. The true class of a soft label gets `1 - spread`
 * alone, so the terms act as label smoothing. The model needs `features` and a linear `head`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range; in training `ADVROB_OBJECTIVE` for
 *   a model without `features` and `head`.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * import { rat } from '@advrob/trainers-randomized';
 * const attack = pgd({ steps: 10, start: 'tinygauss' });
 * await fit({
 *   model, data, objective: rat({ beta: 6 }), attack, threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 100,
 * });
 * ```
 */
export const rat = defineObjective({
  name: 'rat',
  summary: 'Randomized adversarial training: TRADES with Taylor terms of Gaussian weight noise, as soft labels.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: ratOptions,
  create: (options) => ({
    async prepare(batch, { model, rng, maximize }) {
      const attack = () => maximize(batch, { loss: klLoss });
      const noise = (name: string, { shape }: Variable) =>
        name.includes(options.noisyWeights)
          ? tf.mul(rng.normal(`attack noise/${name}`, shape), options.attackNoise)
          : undefined;
      const adversarial = options.attackNoise > 0 ? await withWeights(model, noise, attack) : await attack();
      return { x: batch.x, adversarial, y: batch.y };
    },
    loss: ({ x, adversarial, y }, model, how) => {
      const clean = outputsOf(model, x, how);
      const robust = outputsOf(model, adversarial, secondPass(how));
      const ce = meanCrossEntropy(clean.logits, y);
      const kl = meanKlDivergence(clean.logits, robust.logits);
      const divergence = tf.mul(kl, options.beta);
      const terms =
        how.mode === 'probe' && options.probeLoss === 'trades' ? {} : taylorTerms(clean, robust, y, options);
      const { first, second } = terms;
      const { alpha, secondWeight } = options;
      const parts = [tf.mul(ce, first || second ? 1 - alpha : 1), divergence];
      if (first) parts.push(tf.mul(first, alpha));
      if (second) parts.push(tf.mul(second, secondWeight * alpha));
      return { total: tf.addN(parts), terms: { ce, kl, ...terms } };
    },
  }),
});

interface Outputs {
  /** [n, h]. */
  readonly features: Tensor;
  /** [n, C]. */
  readonly logits: Tensor;
}

function outputsOf(model: Classifier, x: Tensor, how: ForwardOptions): Outputs {
  if (!model.features || !model.head)
    throw new AdvrobError(
      'ADVROB_OBJECTIVE',
      "objective 'rat' needs the input of the last layer, but the model has no features and head: give it both, or train with trades",
    );
  const features = model.features(x, how);
  return { features, logits: model.head(features) };
}

/**
 * The two Taylor terms as scalars, those that the options ask for. With the sums s of
 * {@link lastLayerSums} on clean (nat) and adversarial (adv) examples, t1 = |s|, t2 = s^2, all
 * constants:
 *
 *     q1a = reg(t1_nat - t1_adv)    q1n = reg(t1_adv - t1_nat)    q2a = q2n = reg(t2_adv - t2_nat)
 *     first = (KL(q1a || p(x')) + KL(q1n || p(x))) / 2,   second likewise with q2a and q2n
 *
 * `reg` are the {@link softTargets} of the labels; `symmetric`: q2a = reg(t2_nat - t2_adv).
 */
function taylorTerms(
  clean: Outputs,
  robust: Outputs,
  y: Tensor,
  { firstTerm, secondTerm, secondOrderTargets, spread }: RatOptions,
): { readonly first?: Tensor; readonly second?: Tensor } {
  const sums = ({ logits, features }: Outputs) => lastLayerSums(detach(logits), detach(features), y);
  const [natural, adversarial] = [sums(clean), sums(robust)];
  const mass = spread ?? 1 - 2 / natural.shape[0];
  const term = (onRobust: Tensor1D, onClean: Tensor1D): Tensor => {
    const labelled = (gap: Tensor1D) => tf.gather(softTargets(gap, mass), y as Tensor1D);
    const both = tf.add(
      divergenceFrom(labelled(onRobust), robust.logits),
      divergenceFrom(labelled(onClean), clean.logits),
    );
    return tf.mul(both, 0.5);
  };
  const gap = (statistic: (sum: Tensor1D) => Tensor1D): Tensor1D => tf.sub(statistic(adversarial), statistic(natural));
  const [magnitude, square] = [gap(tf.abs), gap(tf.square)];
  return {
    ...(firstTerm && { first: term(tf.neg(magnitude), magnitude) }),
    ...(secondTerm && { second: term(secondOrderTargets === 'code' ? square : tf.neg(square), square) }),
  };
}

/** Options of the recipes beside those of the objective. */
export const recipeFields = {
  attackSteps: z.int().min(1).default(10).describe('steps of PGD, each of 2.5 epsilon / steps'),
  ...sgdShape(5e-4),
};

/**
 * TRADES + RAT of Jin et al. 2023 (https://arxiv.org/abs/2303.10653) as its official code runs it
 * on CIFAR-10: beta 6, alpha 0.2, PGD with 10 steps of epsilon / 4 from x + 0.001 N(0, 1), momentum
 * 0.9, weight decay 5e-4, a learning rate of 0.1 that falls tenfold after a half and three quarters
 * of the run (100 and 150 of 200 passes); batches have 128 examples with random crops and flips. On
 * MNIST: beta 1, alpha 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { ratTrainer } from '@advrob/trainers-randomized';
 * await fit({
 *   model, data, ...ratTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 200,
 * });
 * ```
 */
export const ratTrainer = defineTrainer({
  name: 'rat',
  summary: 'TRADES with randomized adversarial training by Taylor expansion.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: z.strictObject({ ...ratFields, ...recipeFields }),
  create: ({ momentum, weightDecay, attackSteps: steps, ...own }) => ({
    objective: rat(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
    attack: pgd({ steps, start: 'tinygauss' }),
  }),
});
