import { linearLoss, type LinearAdversary, type LinearData } from './linear-adversary.js';

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
 * Full-batch gradient descent from theta = 0.01 in every coordinate, with the envelope gradient: under Linf it cannot settle where coordinates want to be 0 (T4).
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
