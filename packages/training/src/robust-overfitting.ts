import type { LoggedEvent } from './fit/events.js';

/** One measurement on the validation data. */
export interface OverfittingPoint {
  readonly step: number;
  /** Whole passes over the data. */
  readonly epoch: number;
  /** The last training loss logged up to there; undefined when none was. */
  readonly trainingLoss: number | undefined;
  /** What `best` is chosen by: robust accuracy when validation has an attack. */
  readonly score: number;
  readonly bestSoFar: number;
}

/**
 * How the validation score went on while the training loss fell (robust overfitting: Rice, Wong,
 * Kolter 2020, https://arxiv.org/abs/2002.11569, figure 1).
 */
export interface OverfittingCurve {
  readonly points: readonly OverfittingPoint[];
  readonly best: OverfittingPoint;
  readonly last: OverfittingPoint;
  /** Best score minus last score: what choosing the checkpoint early saved. */
  readonly gap: number;
}

/**
 * The curve of a run's log, for the trained or the averaged weights; undefined when these were
 * never measured.
 *
 * @example
 * ```ts
 * import { fit, robustOverfitting } from '@advrob/training';
 * const { history } = await fit({
 *   model, data, objective, validation, attack, threat, epochs: 50,
 * });
 * console.log(robustOverfitting(history)?.gap);
 * ```
 */
export function robustOverfitting(
  history: readonly LoggedEvent[],
  weights: 'trained' | 'averaged' = 'trained',
): OverfittingCurve | undefined {
  const points: OverfittingPoint[] = [];
  let trainingLoss: number | undefined;
  for (const event of history) {
    if (event.type === 'metrics') trainingLoss = event.loss['total'];
    else if (event.weights === weights) {
      const { step, epoch, score } = event;
      const bestSoFar = Math.max(score, points.at(-1)?.bestSoFar ?? -Infinity);
      points.push({ step, epoch, trainingLoss, score, bestSoFar });
    }
  }
  const last = points.at(-1);
  const best = points.find(({ score }) => score === last?.bestSoFar);
  return best && last && { points, best, last, gap: best.score - last.score };
}
