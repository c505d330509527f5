import { AdvrobError } from '@advrob/core';

/** What the bounds depend on. */
export interface BoundsOptions {
  /** k(x), active neurons at the point. */
  readonly active: number;
  /** m, all neurons. */
  readonly width: number;
  /** l = dim M. */
  readonly complement: number;
  /**
   * Standard deviation of the entries of w_j^M: 1/sqrt(d) at the usual initialisation, b/sqrt(d) at
   * one smaller by b.
   */
  readonly deviation: number;
}

/** Bounds of ||grad^M N(x0)|| of the theory's network. */
export interface GradientBounds {
  /** deviation * sqrt(k l / (2 m)) (P3; with deviation 1/sqrt(d) it is sqrt(k l / (2 m d))). */
  readonly lower: number;
  /** Root of the mean square: deviation * sqrt(k l / m). */
  readonly typical: number;
  /** deviation * sqrt(2 k l / m) (P3, P5). */
  readonly upper: number;
  /** Each bound alone is violated with at most this probability, exp(-l / 16). */
  readonly violation: number;
}

/**
 * Bounds of the gradient orthogonal to P at a point of P (Melamed, Yehudai, Vardi 2023,
 * https://arxiv.org/abs/2303.00783; derived anew with the chi-square tails of Laurent and Massart
 * 2000). grad^M N = sum of u_j w_j^M over the active neurons is normal with variance k deviation^2
 * / m in each of l coordinates, because activations depend on w_j^P alone (P2) and training without
 * weight decay never moves w_j^M (P1).
 *
 * Under weight decay multiply the bounds by {@link shrinkage} (P6).
 *
 * @throws AdvrobError `ADVROB_OPTION` for numbers that are not positive.
 */
export function orthogonalGradientBounds({ active, width, complement, deviation }: BoundsOptions): GradientBounds {
  if (!(active >= 0 && width > 0 && complement > 0 && deviation > 0))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `orthogonalGradientBounds: expected positive numbers, got active ${active}, width ${width}, complement ${complement}, deviation ${deviation}`,
    );
  const typical = deviation * Math.sqrt((active * complement) / width);
  return {
    lower: typical * Math.SQRT1_2,
    typical,
    upper: typical * Math.SQRT2,
    violation: Math.exp(-complement / 16),
  };
}

/**
 * (1 - eta lambda)^t: what weight decay leaves of w_j^M, and so of the orthogonal gradient, after t
 * steps of gradient descent (P6).
 */
export function shrinkage(options: {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly steps: number;
}): number {
  return (1 - options.learningRate * options.weightDecay) ** options.steps;
}

/**
 * Largest flip distance that the lower bound allows while activations stay: |N(x0)| / lower = |N|
 * sqrt(2 m d / (k l)) (P4).
 */
export function flipBound(lead: number, bounds: GradientBounds): number {
  return lead / bounds.lower;
}
