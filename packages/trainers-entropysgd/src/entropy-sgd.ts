import { pgd } from '@advrob/attacks';
import {
  AdvrobError,
  defineOptimizer,
  defineTrainer,
  type AveragerBinding,
  type OptimizerBinding,
  type Saved,
} from '@advrob/core';
import { awp, pgdAt, swa } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { openLangevin, withMomentum } from './langevin.js';
import { recalibrated } from './recalibrated.js';

/** What can be set, with defaults of the reference code for CIFAR-10, where it names one. */
const entropySgdFields = {
  innerSteps: z
    .int()
    .min(1)
    .default(20)
    .describe("Langevin steps, each with a fresh batch, for one update of the weights; the paper's L"),
  gamma: z.number().min(0).default(0.03).describe('pull toward the anchor at first; 1e-4 in the reference on MNIST'),
  scoping: z.number().min(0).default(0.001).describe('gamma grows by this share with each update'),
  innerRate: z.number().positive().default(0.1).describe('learning rate of the Langevin steps'),
  noise: z.number().min(0).default(1e-4).describe('scale of the Langevin noise; 0 makes the optimizer deterministic'),
  noiseScale: z
    .enum(['code', 'paper'])
    .default('code')
    .describe('standard deviation of the noise: noise sqrt(2 innerRate), or noise sqrt(innerRate)'),
  avgKeep: z
    .number()
    .min(0)
    .lt(1)
    .default(0.75)
    .describe('share of the old average kept in each Langevin step, so that the new point weighs 1 - avgKeep'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('of the Langevin steps and of the outer steps'),
  nesterov: z.boolean().default(true).describe('whether the momentum is that of Nesterov'),
  weightDecay: z.number().min(0).default(0).describe('L2 penalty inside and outside; 1e-3 in the reference on CIFAR'),
};

const entropySgdOptions = z.strictObject(entropySgdFields).refine(({ innerRate, gamma }) => innerRate * gamma < 2, {
  message: 'innerRate * gamma must be below 2: the pull toward the anchor overshoots and diverges',
  path: ['gamma'],
});

/**
 * EntropySGD (Chaudhari et al. 2017, https://arxiv.org/abs/1611.01838, algorithm 1; for adversarial
 * training: Kanai et al., https://arxiv.org/abs/2103.01400) descends the local entropy of the loss,
 * which is smooth whatever the loss is; the README has the formulas. One step costs `innerSteps`
 * batches and attacks (`draws`), so equal `epochs` of `fit` are equal budgets for every optimizer.
 * **The learning rate of `fit` is the outer one and belongs near 1**, far above that of SGD. For
 * models with batch norm add the averager {@link recalibrated}, or SWA.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAt } from '@advrob/training';
 * import { entropySgd } from '@advrob/trainers-entropysgd';
 * await fit({
 *   model, data, objective: pgdAt(), attack, threat, optimizer: entropySgd({ innerSteps: 10 }),
 *   learningRate: 1, epochs: 5,
 * });
 * ```
 */
export const entropySgd = defineOptimizer({
  name: 'entropy-sgd',
  summary:
    'EntropySGD: descends the local entropy of the loss, estimated by Langevin steps with fresh batches and attacks.',
  paper:
    'Chaudhari et al. 2017, Entropy-SGD: Biasing Gradient Descent Into Wide Valleys, https://arxiv.org/abs/1611.01838',
  options: entropySgdOptions,
  create: bindEntropySgd,
});

/**
 * The local entropy -log integral exp(-L(theta') - (gamma / 2) ||theta - theta'||^2) dtheta' has
 * the gradient gamma (theta - E[theta']), and the Langevin steps estimate the expectation. The
 * factor gamma is part of the rate; the gradient at the anchor, which the reference code drops, is
 * not taken.
 *
 *     d = theta - average + weightDecay theta;   V = momentum V + d
 *     theta <- theta - rate (d + momentum V);    gamma_t = gamma (1 + scoping)^t
 */
function bindEntropySgd(options: z.output<typeof entropySgdOptions>): OptimizerBinding {
  return (model) => {
    const { gamma, scoping, innerSteps, weightDecay, momentum } = options;
    const velocities = Object.fromEntries(
      momentum === 0
        ? []
        : Object.entries(model.weights).map(([name, { shape }]) => [
            `velocity/${name}`,
            tf.tidy(() => tf.variable(tf.zeros(shape), false)),
          ]),
    );
    const state = { ...velocities, steps: 0 } as Saved & { steps: number };

    const outerStep = (averages: Readonly<Record<string, Tensor>>, anchors: typeof averages, rate: number): void => {
      for (const [name, weight] of Object.entries(model.weights)) {
        const anchor = anchors[name]!;
        const toAnchor = tf.sub(anchor, averages[name]!);
        const raw = weightDecay > 0 ? tf.add(toAnchor, tf.mul(anchor, weightDecay)) : toAnchor;
        const velocity = velocities[`velocity/${name}`];
        const { direction, velocity: next } = withMomentum(raw, velocity, options);
        if (next) velocity?.assign(next);
        weight.assign(tf.sub(anchor, tf.mul(direction, rate)));
      }
    };

    return {
      draws: innerSteps,
      state,
      async step(work) {
        const inner = openLangevin(model, options, gamma * (1 + scoping) ** state.steps);
        try {
          for (let i = 0; i < innerSteps; i++) {
            const { grads, terms } = await work.gradient(await work.draw());
            inner.step(grads, (name, shape) => work.rng.normal(`langevin ${i}/${name}`, shape));
            tf.dispose([grads, terms]);
          }
          tf.tidy(() => outerStep(inner.averages(), inner.anchors, work.rate));
        } finally {
          inner.dispose();
        }
        state.steps += 1;
      },
      dispose: () => tf.dispose(velocities),
    };
  };
}

const options = z.strictObject({
  ...entropySgdFields,
  attackSteps: z.int().min(1).default(10).describe('steps of PGD, each of 2.5 epsilon / steps'),
  awpGamma: z
    .number()
    .min(0)
    .default(0)
    .describe('length of adversarial weight perturbation relative to each layer, e.g. 0.01; 0 is without'),
  awpWarmUp: z.number().min(0).default(0).describe('passes over the data without weight perturbation'),
  average: z
    .enum(['recalibrated', 'swa', 'none'])
    .default('recalibrated')
    .describe("what is measured and kept beside the weights: their batch norm re-estimated, SWA's average, nothing"),
  swaStart: z.int().min(0).optional().describe('passes before the first that SWA averages; needed with average: swa'),
});

/**
 * PGD-AT with EntropySGD, as Kanai et al. (https://arxiv.org/abs/2103.01400) smooth the adversarial
 * loss: each Langevin step with a fresh batch and a fresh attack. Arms: `awpGamma` puts adversarial
 * weight perturbation into every inner gradient, `average: 'swa'` averages the outer weights. The
 * outer learning rate goes from 1 over 0.15 to 0.0225 in thirds of the run, as in the three stages
 * of the reference code of EntropySGD, whose settings are the defaults: those of the paper on
 * adversarial training were not found in public.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { entropysgdTrainer } from '@advrob/trainers-entropysgd';
 * await fit({
 *   model, data, ...entropysgdTrainer({ innerSteps: 10 }), threat: { norm: 'linf', epsilon: 0.3 },
 *   epochs: 5,
 * });
 * ```
 */
export const entropysgdTrainer = defineTrainer({
  name: 'entropysgd',
  summary: 'PGD-AT with EntropySGD, on its own or with adversarial weight perturbation and weight averaging.',
  paper:
    'Kanai et al. 2024, Relationship Between Nonsmoothness in Adversarial Training, Constraints of Attacks, and Flatness in the Input Space, https://arxiv.org/abs/2103.01400',
  options,
  create: ({ attackSteps, awpGamma, awpWarmUp, average, swaStart, ...own }) => {
    const averager = averagerOf(average, swaStart);
    return {
      objective: pgdAt(),
      optimizer: entropySgd(own),
      learningRate: 1,
      schedule: { name: 'step', at: [1 / 3, 2 / 3], factor: 0.15, unit: 'run' },
      attack: pgd({ steps: attackSteps }),
      ...(awpGamma > 0 && { transforms: [awp({ gamma: awpGamma, warmUp: awpWarmUp })] }),
      ...(averager && { averager }),
    };
  },
});

function averagerOf(average: z.output<typeof options>['average'], start?: number): AveragerBinding | undefined {
  if (average === 'none') return undefined;
  if (average === 'recalibrated') return recalibrated();
  if (start !== undefined) return swa({ start });
  throw new AdvrobError(
    'ADVROB_OPTION',
    "trainer 'entropysgd': average 'swa' needs swaStart: the passes before the first that is averaged, e.g. half of all",
  );
}
