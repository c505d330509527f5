import { AdvrobError, defineCertifier, type CertificateStatement, type Norm } from '@advrob/core';
import * as z from 'zod';
import { certifySmoothed } from './certify.js';
import { noiseOf } from './noise.js';

/** Options of {@link smoothing} and of `smoothedClassifier`. */
export const smoothingOptions = z.strictObject({
  noise: z
    .enum(['gaussian', 'uniform', 'laplace', 'ablation'])
    .default('gaussian')
    .describe('gaussian: L2, Linf, L1; uniform: L1, Linf; laplace: L1; ablation: L0'),
  sigma: z
    .number()
    .positive()
    .default(0.25)
    .describe("standard deviation of each value's noise, in units of the inputs; of what the model was trained with"),
  keep: z.int().min(1).default(45).describe('pixels that ablation shows'),
  select: z.int().min(1).default(64).describe('draws that choose the class; 100 in the paper'),
  draws: z
    .array(z.int().min(1))
    .min(1)
    .refine((list) => list.every((count, i) => i === 0 || count > list[i - 1]!), 'ascending')
    .default([256, 1024, 4096])
    .describe('draws after which bounds are computed, each with its share of alpha; [100000] in the paper'),
  alpha: z.number().gt(0).lt(1).default(0.001).describe('chance that the certificate of an example is wrong'),
  runnerUp: z.boolean().default(false).describe('bounds the other classes too, at half of alpha each'),
  quantise: z
    .union([z.literal(false), z.int().min(1).max(65535)])
    .default(false)
    .describe('rounds inputs under noise to so many steps between the bounds, as a part of the model'),
  batch: z.int().min(1).default(256).describe('rows of a forward pass'),
});
export type SmoothingSettings = z.output<typeof smoothingOptions>;

/**
 * Randomised smoothing: certificates for the classifier g(x) = argmax_c P(f(x + noise) = c) that is
 * made of any f by forward passes alone. An example is certified where a lower Clopper-Pearson bound
 * of that probability at level 1 - alpha, from draws that did not choose the class, gives a radius of
 * at least epsilon; it abstains where the bound is at most 1/2. Noise is not cut to the bounds.
 *
 * With one epsilon an example is left at the first checkpoint that decides it; with epsilon Infinity
 * all draws are made and the radius is the largest they show, at most `sigma Phi^-1(alpha^(1/n))`:
 * 2.9 sigma for the 4096 draws of our default, 3.8 sigma for the paper's 100,000.
 * Linf radii of Gaussian noise are L2 radii over sqrt(d): close to the best that smoothing can do.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_CERTIFY` for a norm that the
 *   noise does not certify in.
 * @example
 * ```ts
 * import { smoothing } from '@advrob/certification';
 * const { verdicts, radius } = await smoothing({ sigma: 0.5 }).certify(model, x, y, createThreat({ norm: 'l2', epsilon: 0.5 }, [0, 1]));
 * ```
 */
export const smoothing = defineCertifier({
  name: 'smoothing',
  summary: 'Randomised smoothing: probabilistic certificates of a smoothed classifier, by forward passes alone.',
  paper:
    'Cohen, Rosenfeld, Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing, https://arxiv.org/abs/1902.02918; Yang et al. 2020, https://arxiv.org/abs/2002.08118 (L1); Levine and Feizi 2020, https://arxiv.org/abs/1911.09272 (L0)',
  options: smoothingOptions,
  norms: ['linf', 'l2', 'l1', 'l0'],
  radii: true,
  statement: ({ norm }, options) => smoothingStatement(norm, options),
  check: (_, { norm }, options) => checkNorm(norm, options),
  async certify({ model, x, y, threat, seed, ids, signal, onProgress }, options) {
    const labels = await y.data();
    const { quantise, batch } = options;
    const ballot = { model, x, ids, seed, noise: noiseOf(options), quantise, batch, signal };
    const { norm, epsilon } = threat;
    const found = await certifySmoothed(ballot, { ...options, norm, epsilon, labels, onProgress });
    return {
      verdicts: found.map(({ prediction, radius }, row) => {
        if (prediction < 0) return 'open';
        if (prediction !== labels[row]) return 'falsified';
        return radius >= epsilon ? 'certified' : 'open';
      }),
      prediction: Int32Array.from(found, ({ prediction }) => prediction),
      radius: Float64Array.from(found, ({ radius }) => radius),
      margin: null,
      counterexamples: null,
      passes: Float64Array.from(found, ({ draws }) => draws),
    };
  },
});

/** @throws AdvrobError `ADVROB_CERTIFY` for a norm that the noise does not certify in. */
export function checkNorm(norm: Norm, settings: SmoothingSettings): void {
  const { norms } = noiseOf(settings);
  if (!norms.includes(norm))
    throw new AdvrobError(
      'ADVROB_CERTIFY',
      `smoothing by ${settings.noise} noise certifies in ${norms.join(', ')}, not in ${norm}: choose another norm or noise`,
    );
}

/** What a certificate of smoothing holds for. */
export function smoothingStatement(norm: Norm, settings: SmoothingSettings): CertificateStatement {
  const { words, of } = noiseOf(settings);
  const { alpha, quantise } = settings;
  const rounded = quantise === false ? '' : `, its inputs rounded to ${quantise} steps`;
  return {
    kind: 'probabilistic',
    alpha,
    of,
    rounding: 'none',
    text:
      `Holds for the majority vote of the model under ${words}${rounded}, not for the model itself: in ${norm}, for each example with a ` +
      `probability of at least ${1 - alpha}, in real arithmetic (computed in float32).`,
  };
}
