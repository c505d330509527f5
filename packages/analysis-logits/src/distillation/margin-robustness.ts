import { pgd } from '@advrob/attacks';
import { AdvrobError, type Classifier, type Dataset, type Norm } from '@advrob/core';
import { crossEntropyLoss, marginLoss } from '@advrob/core/losses';
import { evaluate, type Proportion } from '@advrob/evaluation';

/** A share of examples with its Wilson 95% interval, as plain JSON. */
export type Share = Pick<Proportion, keyof Proportion>;

/** Robust accuracy at one radius. */
export type RobustPoint = {
  readonly epsilon: number;
  /** Withstood PGD on cross-entropy. */
  readonly ce: Share;
  /** Withstood PGD on the margin, whose gradient does not vanish with the probabilities. */
  readonly margin: Share;
  /** Withstood both, at this and every smaller radius measured. */
  readonly worst: Share;
};

/** What {@link marginRobustness} finds. */
export type MarginRobustness = {
  readonly clean: Share;
  /** Radius ascending. */
  readonly points: readonly RobustPoint[];
};

export interface MarginRobustnessOptions {
  readonly threat: { readonly norm: Norm; readonly epsilon: number };
  /** The radii as shares of the threat's epsilon, each above 0. Default 1/5, 1/2, 1. */
  readonly shares?: readonly number[] | undefined;
  /** Of both attacks. Default 20. */
  readonly steps?: number | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /** Of the starts. Default 0. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Robust accuracy of a classifier under PGD with two losses, and under both together. Small or
 * large logits hide the gradient of cross-entropy, so a student with an unusual scale of logits may
 * look robust by it alone; the margin `max_{k != y} z_k - z_y` has the same direction at every
 * scale.
 *
 * @throws AdvrobError `ADVROB_OPTION` for shares out of range, and what `evaluate` throws when
 *   model and data do not fit.
 * @example
 * ```ts
 * import { marginRobustness } from '@advrob/analysis-logits';
 * const { clean, points } = await marginRobustness(student, test, { threat: { norm: 'linf', epsilon: 0.1 } });
 * console.log(clean.rate, points.map(({ epsilon, worst }) => [epsilon, worst.rate]));
 * ```
 */
export async function marginRobustness(
  model: Classifier,
  data: Dataset,
  options: MarginRobustnessOptions,
): Promise<MarginRobustness> {
  const { threat, shares = [1 / 5, 1 / 2, 1], steps = 20, batchSize = 128, seed = 0, signal } = options;
  if (shares.length === 0 || !shares.every((share) => share > 0 && Number.isFinite(share)))
    throw new AdvrobError('ADVROB_OPTION', `shares: expected finite numbers above 0, got [${shares.join(', ')}]`);
  // A fifth of 0.1 is 0.02 in tables, not 0.020000000000000004.
  const epsilon = shares.map((share) => Number((share * threat.epsilon).toPrecision(12)));
  const attack = pgd({ steps });
  const { norm } = threat;
  const { result } = await evaluate({
    model,
    data,
    attacks: [
      { attack, norm, epsilon, label: 'ce', loss: crossEntropyLoss },
      { attack, norm, epsilon, label: 'margin', loss: marginLoss },
    ],
    samples: 0,
    batchSize,
    seed,
    signal,
  });
  const [ce, margin] = result.attacks;
  const points = result.worstCase[0]!.points.map(({ epsilon: radius, robust }, i) => ({
    epsilon: radius,
    ce: ce!.points[i]!.robust,
    margin: margin!.points[i]!.robust,
    worst: robust,
  }));
  return { clean: result.clean, points };
}
