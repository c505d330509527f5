import { AdvrobError } from '@advrob/core';

/** What an optimal adversary may do to the binary linear model. */
export interface LinearAdversary {
  readonly norm: 'none' | 'l2' | 'linf';
  /** 0 for `none`. */
  readonly epsilon: number;
}

/** Examples of the binary linear model. */
export interface LinearData {
  /** Row-major [n, d]. */
  readonly x: Float64Array;
  /** -1 or +1, [n]. */
  readonly y: ArrayLike<number>;
}

/**
 * The adversarial loss L_eps(theta), its gradient [d] and, if asked for, its Hessian [d, d], means
 * over the examples.
 */
export interface LinearLoss {
  readonly loss: number;
  /** `s v` with s = sigmoid(m) and v = -y x + eps times the gradient of the dual norm. */
  readonly gradient: Float64Array;
  /**
   * s (1 - s) v v^T, row-major, and for L2 in addition
   * (s eps / ||theta||)(I - theta theta^T / ||theta||^2).
   */
  readonly hessian?: Float64Array;
}

/**
 * The adversarial logistic loss of the binary linear model under the optimal attack, in closed form
 * and float64: log(1 + exp(m)) with m = -y theta.x + eps ||theta||, the dual norm of the attack's
 * (||.||_2 for L2, ||.||_1 for Linf). The gradient of L2 jumps at theta = 0 alone; that of Linf
 * wherever a coordinate changes its sign, by 2 eps s, where sign(0) = 0 (T3, T4:
 * {@link lipschitzL2}, {@link jumpLinf}). Kanai et al. 2021, Smoothness Analysis of Adversarial
 * Training, https://arxiv.org/abs/2103.01400; derived anew.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when sizes disagree, `ADVROB_OPTION` for a negative epsilon.
 */
export function linearLoss(
  theta: Float64Array,
  { x, y }: LinearData,
  adversary: LinearAdversary,
  wantsHessian = false,
): LinearLoss {
  const [d, n] = [theta.length, y.length];
  const { norm, epsilon } = adversary;
  if (x.length !== n * d || n === 0)
    throw new AdvrobError('ADVROB_SHAPE', `linearLoss: expected ${n} examples of ${d} values, got ${x.length} values`);
  if (!(epsilon >= 0))
    throw new AdvrobError('ADVROB_OPTION', `linearLoss: expected an epsilon of at least 0, got ${epsilon}`);
  const length = Math.hypot(...theta);
  const reach = norm === 'none' ? 0 : epsilon;
  const slope = theta.map((value) => (norm === 'linf' ? Math.sign(value) : length > 0 ? value / length : 0));
  const dual = norm === 'linf' ? theta.reduce((sum, value) => sum + Math.abs(value), 0) : length;
  let loss = 0;
  let curvature = 0;
  const gradient = new Float64Array(d);
  const hessian = wantsHessian ? new Float64Array(d * d) : undefined;
  const v = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let k = 0; k < d; k++) {
      product += theta[k]! * x[i * d + k]!;
      v[k] = -y[i]! * x[i * d + k]! + reach * slope[k]!;
    }
    const m = -y[i]! * product + reach * dual;
    const s = 1 / (1 + Math.exp(-m));
    loss += (Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m)))) / n;
    curvature += s / n;
    for (let k = 0; k < d; k++) gradient[k]! += (s * v[k]!) / n;
    if (hessian)
      for (let k = 0; k < d; k++) for (let j = 0; j < d; j++) hessian[k * d + j]! += (s * (1 - s) * v[k]! * v[j]!) / n;
  }
  if (hessian && norm === 'l2' && length > 0)
    for (let k = 0; k < d; k++)
      for (let j = 0; j < d; j++)
        hessian[k * d + j]! += ((curvature * reach) / length) * (Number(k === j) - slope[k]! * slope[j]!);
  return { loss, gradient, ...(hessian && { hessian }) };
}

/**
 * The optimal perturbation of an example: -eps y theta / ||theta|| for L2, -eps y sign(theta) for
 * Linf, [d].
 */
export function linearPerturbation(theta: Float64Array, y: number, { norm, epsilon }: LinearAdversary): Float64Array {
  const length = Math.hypot(...theta);
  return theta.map((value) => {
    if (norm === 'none' || value === 0) return 0;
    return -epsilon * y * (norm === 'linf' ? Math.sign(value) : value / length);
  });
}

/**
 * T3: the gradient under L2 is Lipschitz with (||x|| + eps)^2 / 4 + eps / r on every segment that
 * stays in ||theta|| >= r.
 */
export function lipschitzL2(longest: number, epsilon: number, radius: number): number {
  return (longest + epsilon) ** 2 / 4 + epsilon / radius;
}

/**
 * T4: what the i-th entry of one example's gradient under Linf jumps by when theta_i changes its
 * sign: 2 eps s, with s = sigmoid(m).
 */
export function jumpLinf(epsilon: number, s: number): number {
  return 2 * epsilon * s;
}

/** A run of gradient descent on the adversarial loss of the linear model. */
export type LinearDescent = {
  /** L_eps after each step. */
  readonly losses: readonly number[];
  /** Norm of the gradient before each step. */
  readonly gradientNorms: readonly number[];
  /** Coordinates of theta that changed their sign in each step. */
  readonly signChanges: readonly number[];
};

/**
 * Full-batch gradient descent from theta = 0.01 in every coordinate, with the envelope gradient:
 * under Linf it cannot settle where coordinates want to be 0 (T4).
 */
export function linearDescent(
  data: LinearData & { readonly size: number },
  adversary: LinearAdversary,
  options: { readonly learningRate: number; readonly steps: number },
): LinearDescent {
  let theta = new Float64Array(data.size).fill(0.01);
  const [losses, gradientNorms, signChanges]: [number[], number[], number[]] = [[], [], []];
  for (let step = 0; step < options.steps; step++) {
    const { gradient } = linearLoss(theta, data, adversary);
    const next = theta.map((value, k) => value - options.learningRate * gradient[k]!);
    gradientNorms.push(Math.hypot(...gradient));
    signChanges.push(next.filter((value, k) => Math.sign(value) * Math.sign(theta[k]!) < 0).length);
    theta = next;
    losses.push(linearLoss(theta, data, adversary).loss);
  }
  return { losses, gradientNorms, signChanges };
}
