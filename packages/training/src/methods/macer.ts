import { defineObjective } from '@advrob/core';
import { logitOf, oneHot, repeatRows } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import * as z from 'zod';

const macerOptions = z.strictObject({
  sigma: z
    .number()
    .positive()
    .default(0.25)
    .describe("standard deviation of the noise in the model's units; that of smoothing"),
  samples: z.int().min(1).default(16).describe('k: noise vectors for each example'),
  weight: z.number().min(0).default(12).describe('lambda: of the radius; 12 for sigma 0.25 and 0.5, in the paper'),
  beta: z.number().positive().default(16).describe('inverse temperature of the votes whose radius grows'),
  gamma: z.number().positive().default(8).describe('radii of more than sigma gamma / 2 are large enough'),
});

/** Keeps quantiles, and their slopes, finite. */
const edge = 1e-6;

/**
 * MACER, training for a large certified radius without attacks (Zhai et al. 2020,
 * https://arxiv.org/abs/2001.02378): of each example k noisy copies z_i, with
 * p = mean softmax(z_i), q = mean softmax(beta z_i) and
 * xi = Phi^-1(q_y) - Phi^-1(max_{c != y} q_c), the loss is the mean of
 * -ln(p_y + 1e-10) + lambda sigma / 2 max(gamma - xi, 0), the second term where q is largest at y.
 *
 * q is cut to [1e-6, 1 - 1e-6]; the authors drop the rows whose quantiles are infinite, which are past
 * gamma here. Their batches: 64 on CIFAR-10.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, macer } from '@advrob/training';
 * await fit({ model, data, objective: macer({ sigma: 0.25 }), epochs: 5 });
 * ```
 */
export const macer = defineObjective({
  name: 'macer',
  summary: 'MACER: maximises the certified radius of the smoothed model, without attacks.',
  paper:
    'Zhai et al. 2020, MACER: Attack-free and Scalable Robust Training via Maximizing Certified Radius, https://arxiv.org/abs/2001.02378',
  options: macerOptions,
  create: ({ sigma, samples, weight, beta, gamma }) => ({
    prepare: async ({ x, y }, { rng }) => {
      const [count, ...shape] = x.shape as [number, ...number[]];
      const noise = tf.tidy(() => tf.mul(rng.normal('smoothing', [count * samples, ...shape]), sigma));
      return { x, noise, y };
    },
    loss({ x, noise, y }, model, how) {
      const logits = model.logits(tf.add(repeatRows(x, samples), noise), how);
      const perExample = tf.reshape(logits, [x.shape[0]!, samples, model.numClasses]) as Tensor3D;
      const p = logitOf(tf.mean(tf.softmax(perExample), 1), y);
      const q = tf.clipByValue(tf.mean(tf.softmax(tf.mul(perExample, beta)), 1), edge, 1 - edge);
      const own = logitOf(q, y);
      const others = tf.max(tf.sub(q, tf.mul(2, oneHot(y, model.numClasses))), 1);
      const xi = tf.sub(normalQuantile(own), normalQuantile(tf.clipByValue(others, edge, 1 - edge)));
      const isMeant = tf.cast(tf.logicalAnd(tf.greater(own, others), tf.lessEqual(xi, gamma)), 'float32');
      const classification = tf.neg(tf.mean(tf.log(tf.add(p, 1e-10))));
      const radius = tf.mean(tf.mul(isMeant, tf.sub(gamma, xi)));
      return { total: tf.add(classification, tf.mul(radius, (weight * sigma) / 2)) };
    },
  }),
});

/**
 * Quantiles of the standard normal to float32, with their exact slope 1 / density, for values within
 * the edge. Wichura 1988, algorithm AS 241, routine PPND7.
 */
function normalQuantile(values: Tensor): Tensor {
  return tf.customGrad((...args: unknown[]) => {
    const [p, save] = args as [Tensor, tf.GradSaveFunc];
    const value = tf.tidy(() => quantilesOf(p));
    save([value]);
    return {
      value,
      gradFunc: (upstream: Tensor, [quantile]: Tensor[]) =>
        tf.mul(upstream, tf.mul(Math.sqrt(2 * Math.PI), tf.exp(tf.div(tf.square(quantile!), 2)))),
    };
  })(values);
}

function quantilesOf(p: Tensor): Tensor {
  const polynomial = (coefficients: readonly number[], x: Tensor): Tensor =>
    coefficients.reduceRight<Tensor>((sum, value) => tf.add(tf.mul(sum, x), value), tf.zerosLike(x));
  const fromHalf = tf.sub(p, 0.5);
  const r = tf.sub(0.180625, tf.square(fromHalf));
  const centre = tf.div(
    tf.mul(fromHalf, polynomial([3.3871327179, 50.434271938, 159.29113202, 59.10937472], r)),
    polynomial([1, 17.895169469, 78.757757664, 67.1875636], r),
  );
  const depth = tf.sub(tf.sqrt(tf.neg(tf.log(tf.minimum(p, tf.sub(1, p))))), 1.6);
  const size = tf.div(
    polynomial([1.4234372777, 2.75681539, 1.3067284816, 0.17023821103], depth),
    polynomial([1, 0.7370016425, 0.12021132975], depth),
  );
  const tail = tf.where(tf.less(fromHalf, 0), tf.neg(size), size);
  return tf.where(tf.lessEqual(tf.abs(fromHalf), 0.425), centre, tail);
}
