import { logGamma, normalQuantile } from '@advrob/core/statistics';

/**
 * What is known of the class that a smoothed classifier returns: `pA`, at most the probability of
 * that class, and `pB`, at least that of every other one; `pA` > `pB`.
 */
export interface ClassBounds {
  readonly pA: number;
  readonly pB: number;
}

/**
 * L2 radius of Gaussian noise with standard deviation `sigma`: sigma/2 (Phi^-1(pA) - Phi^-1(pB)),
 * which is sigma Phi^-1(pA) for pB = 1 - pA. Cohen, Rosenfeld, Kolter 2019,
 * https://arxiv.org/abs/1902.02918, theorem 1; no larger radius holds for every classifier.
 */
export function gaussianRadius({ pA, pB }: ClassBounds, sigma: number): number {
  return (sigma / 2) * (normalQuantile(pA) - normalQuantile(pB));
}

/**
 * L1 radius of uniform noise in [-l, l]^d: l (pA - pB). Yang et al. 2020,
 * https://arxiv.org/abs/2002.08118; Lee et al. 2019, https://arxiv.org/abs/1906.04948.
 */
export function uniformRadius({ pA, pB }: ClassBounds, halfWidth: number): number {
  return halfWidth * (pA - pB);
}

/**
 * Linf radius of uniform noise in [-l, l]^d: 2l (1 - (3/2 - pA)^(1/d)), the shift at which the two
 * cubes share a part of 3/2 - pA of each. Yang et al. 2020, https://arxiv.org/abs/2002.08118.
 */
export function uniformLinfRadius({ pA }: ClassBounds, halfWidth: number, dimension: number): number {
  return -2 * halfWidth * Math.expm1(Math.log(1.5 - pA) / dimension);
}

/**
 * L1 radius of Laplace noise of scale l: max{l/2 ln(pA/pB), -l ln(1 - pA + pB)}. Teng et al. 2019,
 * "L1 Adversarial Robustness Certificates: a Randomized Smoothing Approach"; Yang et al. 2020.
 */
export function laplaceRadius({ pA, pB }: ClassBounds, scale: number): number {
  return Math.max((scale / 2) * Math.log(pA / pB), -scale * Math.log(1 - pA + pB));
}

/**
 * Number of pixels that may change where `keep` of `dimension` pixels are seen: the largest rho with
 * pA - D(rho) > 1/2, where D(rho) = 1 - C(d - rho, k) / C(d, k) is the chance that one of them is
 * seen. Levine and Feizi 2020, https://arxiv.org/abs/1911.09272, theorem 1.
 */
export function ablationRadius({ pA }: ClassBounds, keep: number, dimension: number): number {
  let radius = 0;
  // The margin is larger than what rounding does to the chance.
  while (radius < dimension && pA - chanceSeen(radius + 1, keep, dimension) > 0.5 + 1e-9) radius++;
  return radius;
}

/** Chance that a random choice of `keep` of `dimension` pixels has one of `changed` given ones. */
export function chanceSeen(changed: number, keep: number, dimension: number): number {
  if (changed + keep > dimension) return 1;
  const logRest =
    logGamma(dimension - changed + 1) -
    logGamma(dimension - changed - keep + 1) -
    logGamma(dimension + 1) +
    logGamma(dimension - keep + 1);
  return -Math.expm1(Math.min(0, logRest));
}
