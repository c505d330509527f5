import { langevin, langevinStep, type LangevinNoise } from '@advrob/attacks';
import {
  AdvrobError,
  defineObjective,
  defineTrainer,
  type Attack,
  type Batch,
  type PrepareContext,
} from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '@advrob/core/losses';
import { secondPass, sgd } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { dualFields, primalDual } from './primal-dual.js';
import { batchMeanNoise, dalePaper, sgdFields } from './shared.js';

const klDaleMultiPdFields = {
  ...dualFields,
  samples: z.int().min(1).default(2).describe('last points of the chain that are trained on; 2 or 3 in the code'),
  steps: z.int().min(1).default(10).describe('steps of the chain, at least as many as samples'),
  stepSize: z.number().positive().optional().describe('length of a step; default 2.5 epsilon / steps'),
  noise: z.number().min(0).default(0.001).describe("scale of the Laplace noise, in units of one example's gradient"),
  advbenchCompat: z
    .boolean()
    .default(false)
    .describe("the noise is in units of the batch mean's gradient, as in advbench: n times as large for n examples"),
};
const options = z.strictObject(klDaleMultiPdFields);

/**
 * KL-DALE on several samples of one chain (`KL_DALE_Multi_PD`, in advbench in November 2021 only):
 * Laplace sign steps ascend `KL(p(x) || p(x'))`, the mean divergence of the last `samples` points
 * is minimised while `CE(f(x), y)` stays at most rho; see {@link primalDual}. Costs the gradients
 * of one chain. It brings its own attack and needs only a threat (Linf). Terms: `clean`, `kl`,
 * `nu`, `slack`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { klDaleMultiPd } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: klDaleMultiPd({ samples: 3, rho: 0.6 }),
 *   threat: { norm: 'linf', epsilon: 0.1 }, epochs: 14,
 * });
 * ```
 */
export const klDaleMultiPd = defineObjective({
  name: 'kl-dale-multi-pd',
  summary: 'Primal-dual KL-DALE on the last points of one Langevin chain.',
  paper: dalePaper,
  options,
  create({ rho, dualStep, nu, maxNu, ...chain }) {
    if (chain.samples > chain.steps)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `objective 'kl-dale-multi-pd': samples: ${chain.samples} are more than the ${chain.steps} steps of the chain`,
      );
    return primalDual(
      {
        prepare: async (batch, context) => ({
          x: batch.x,
          adversarial: await lastPoints(batch, context, chain),
          y: batch.y,
        }),
        losses({ x, adversarial, y }, model, how) {
          const outputs = model.logits(x, how);
          const clean = meanCrossEntropy(outputs, y);
          const moved = model.logits(adversarial, secondPass(how));
          const kl = meanKlDivergence(tf.tile(outputs, [chain.samples, 1]), moved);
          return { minimised: kl, constrained: clean, terms: { clean, kl } };
        },
      },
      { rho, dualStep, nu, maxNu },
    );
  },
});

type Chain = Omit<z.output<typeof options>, keyof typeof dualFields>;

/** The last points of the chain, [samples * n, ...inputShape], point after point. The caller's. */
async function lastPoints(
  batch: Batch,
  { threat, maximize }: PrepareContext,
  { samples, steps, stepSize, noise, advbenchCompat }: Chain,
): Promise<Tensor> {
  // A threat of radius 0, as at the start of a warm-up, has no step; nothing is attacked then.
  const length = stepSize ?? (2.5 * (threat.epsilon || 1)) / steps;
  const sampler = { sampler: 'laplace', noise } as const;
  const first = { ...sampler, steps: steps - samples + 1, stepSize: length, start: 'tinygauss' } as const;
  const attack = advbenchCompat ? batchMeanNoise(first) : langevin(first);
  const points = [await maximize(batch, { attack, loss: klLoss })];
  const scaled: LangevinNoise = { ...sampler, noise: advbenchCompat ? noise * batch.x.shape[0]! : noise };
  while (points.length < samples) {
    const next = chainStep(points.at(-1)!, length, scaled);
    points.push(await maximize(batch, { attack: next, loss: klLoss }));
  }
  return tf.concat(points);
}

/**
 * KL-DALE on several samples of a noisy chain with the SGD of `gaussian-dale`. advbench had noise
 * 0.001 and rho 1 at first, then no noise and rho 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { klDaleMultiPdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = klDaleMultiPdTrainer({ samples: 3, rho: 1 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 8 / 255 }, learningRate: 0.01,
 *   epochs: 200,
 * });
 * ```
 */
export const klDaleMultiPdTrainer = defineTrainer({
  name: 'kl-dale-multi-pd',
  summary: 'Primal-dual KL-DALE on the last points of one Langevin chain.',
  paper: dalePaper,
  options: z.strictObject({ ...klDaleMultiPdFields, ...sgdFields }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: klDaleMultiPd(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});

/**
 * An attack that makes one more step of a Langevin chain, so that a caller can keep the points
 * between. For inner maximisation alone.
 *
 * @param from The chain so far, [n, ...inputShape], row by row as the batch that is attacked.
 */
function chainStep(from: Tensor, stepSize: number, noise: LangevinNoise): Attack {
  return defineAttack({
    name: 'langevin-chain',
    summary: 'One step of a Langevin chain from given points.',
    knowledge: 'gradients',
    norms: ['linf'],
    budget: 'fixed',
    options: z.strictObject({}),
    async perturb(scope) {
      const { adv } = await scope.iterate({ adv: from }, 1, ({ adv }, rows) => ({
        adv: langevinStep(rows, adv, rows.model.gradient(adv, rows.lossOf).gradient, stepSize, noise),
      }));
      return adv;
    },
  })();
}
