import { defineTransform, type Classifier, type Gradient, type Random, type Work } from '@advrob/core';
import { withWeights } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Gaussian noise for each weight tensor w of n entries, `sigma |w| / sqrt(n) * N(0, I)`: about
 * `sigma` times as long as the weight itself. The tensors are the caller's.
 *
 * @param purpose Tells the draws of one step apart.
 */
export function relativeNoise(
  { weights }: Classifier,
  sigma: number,
  rng: Random,
  purpose: string,
): Record<string, Tensor> {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => {
        const scale = tf.mul(tf.norm(weight), sigma / Math.sqrt(weight.size));
        return [name, tf.mul(rng.normal(`${purpose}/${name}`, weight.shape), scale)];
      }),
    ),
  );
}

/** Describes the option sigma. */
export const sigmaNote = 'length of the noise relative to each weight tensor; 0.01 and 0.05 are usual';

/**
 * Trains on `E_u[L(w + u)]` with Gaussian noise `u = sigma |w| / sqrt(n) * N(0, I)` on each weight
 * tensor w of n entries: the gradient is the mean of those at `samples` points w + u, and w moves.
 * The Taylor terms of Jin et al. 2023 (https://arxiv.org/abs/2303.10653) stand for it: to second
 * order it is `L + (1/2) E[u^T H u]`, see {@link taylorExpansion}. `antithetic` takes each u with
 * its negative, which removes all odd terms at twice the cost. The adversarial examples are those
 * found at w, and the update, weight decay included, happens there.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, trades } from '@advrob/training';
 * import { weightNoise } from '@advrob/trainers-randomized';
 * await fit({
 *   model, data, objective: trades(), transforms: [weightNoise({ sigma: 0.05 })], attack, threat,
 *   epochs: 10,
 * });
 * ```
 */
export const weightNoise = defineTransform({
  name: 'weight-noise',
  summary: 'Gradients at weights with Gaussian noise: the Monte Carlo form of randomized adversarial training.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: z.strictObject({
    sigma: z.number().positive().default(0.01).describe(sigmaNote),
    samples: z.int().min(1).default(1).describe('draws of the noise for each gradient'),
    antithetic: z.boolean().default(false).describe('whether each draw is also taken with the other sign'),
  }),
  create: (options) => (work) => sampled(work, options),
});

interface Sampling {
  readonly sigma: number;
  readonly samples: number;
  readonly antithetic: boolean;
}

function sampled(work: Work, { sigma, samples, antithetic }: Sampling): Work {
  let calls = 0;
  return {
    ...work,
    async gradient(prepared, options) {
      const call = calls++;
      const found: Gradient[] = [];
      for (let sample = 0; sample < samples; sample++) {
        const noise = relativeNoise(work.model, sigma, work.rng, `weight noise ${call}/${sample}`);
        try {
          for (const sign of antithetic ? [1, -1] : [1]) {
            // One of the passes moves batch norm's statistics, as one pass without noise would. A
            // pair has the same dropout masks.
            const sameDraws = sign < 0 || options?.sameDraws === true;
            const how = found.length === 0 ? options : { probe: true, sameDraws };
            const change = (name: string): Tensor => tf.mul(noise[name]!, sign);
            found.push(await withWeights(work.model, change, () => work.gradient(prepared, how)));
          }
        } finally {
          tf.dispose(noise);
        }
      }
      return mean(found, work);
    },
  };
}

function mean(found: readonly Gradient[], work: Work): Gradient {
  if (found.length === 1) return found[0]!;
  const average = (part: 'grads' | 'terms'): Record<string, Tensor> =>
    Object.fromEntries(
      Object.keys(found[0]![part]).map((name) => [
        name,
        work.hold(tf.tidy(() => tf.div(tf.addN(found.map((each) => each[part][name]!)), found.length))),
      ]),
    );
  const result = { grads: average('grads'), terms: average('terms') };
  for (const { grads, terms } of found) tf.dispose([grads, terms]);
  return result;
}
