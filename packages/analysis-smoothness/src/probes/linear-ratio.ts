import { createRandom } from '@advrob/core/random';
import { linearLoss, type LinearAdversary } from './linear-adversary.js';

export interface LinearRatioOptions {
  /** d. Default 50. */
  readonly size?: number;
  /** n. Default 200. */
  readonly count?: number;
  /** Pairs of weights for each step length. Default 200. */
  readonly pairs?: number;
  /** Lengths h of the steps. Default 1e-1, 1e-2, 1e-3, 1e-4. */
  readonly lengths?: readonly number[];
  /** Default 0. */
  readonly seed?: number | undefined;
}

/** R(h) of one adversary at one step length. */
export type LinearRatio = {
  readonly adversary: 'none' | 'l2' | 'linf';
  readonly length: number;
  readonly mean: number;
  readonly max: number;
};

/**
 * R(h) = ||grad L_eps(theta + h v) - grad L_eps(theta)|| / h of the binary linear model with normal
 * examples, along random unit v, for pairs in which one coordinate of theta lies 0.05 h from 0 and
 * so may change its sign. Budgets match: eps_2 = 1 = eps_inf sqrt(d). By T3 R does not depend on h
 * for L2, by T4 it grows as 1 / h for Linf.
 */
export async function linearRatio(options: LinearRatioOptions = {}): Promise<LinearRatio[]> {
  const { size = 50, count = 200, pairs = 200, lengths = [1e-1, 1e-2, 1e-3, 1e-4], seed = 0 } = options;
  const random = createRandom({ seed });
  const draw = async (name: string, length: number): Promise<Float64Array> => {
    const tensor = random.normal(name, [length]);
    const values = Float64Array.from(await tensor.data());
    tensor.dispose();
    return values;
  };
  const data = {
    x: await draw('smoothness/x', count * size),
    y: (await draw('smoothness/y', count)).map((value) => (value < 0 ? -1 : 1)),
  };
  const adversaries: readonly LinearAdversary[] = [
    { norm: 'none', epsilon: 0 },
    { norm: 'l2', epsilon: 1 },
    { norm: 'linf', epsilon: 1 / Math.sqrt(size) },
  ];
  const [thetas, directions] = [await draw('smoothness/theta', pairs * size), await draw('smoothness/v', pairs * size)];
  return adversaries.flatMap((adversary) =>
    lengths.map((length): LinearRatio => {
      const ratios = Array.from({ length: pairs }, (_, pair) => {
        const theta = thetas.slice(pair * size, (pair + 1) * size).map((value) => value / Math.sqrt(size));
        theta[0] = 0.05 * length;
        const v = directions.slice(pair * size, (pair + 1) * size);
        const unit = Math.hypot(...v);
        const there = theta.map((value, k) => value + (length * v[k]!) / unit);
        const [from, to] = [linearLoss(theta, data, adversary).gradient, linearLoss(there, data, adversary).gradient];
        return Math.hypot(...to.map((value, k) => value - from[k]!)) / length;
      });
      return {
        adversary: adversary.norm,
        length,
        mean: ratios.reduce((sum, value) => sum + value, 0) / pairs,
        max: Math.max(...ratios),
      };
    }),
  );
}
