import { AdvrobError } from '@advrob/core';
import { checkSameShape, rowOf, softmax, topTwo } from '../logit-matrix.js';
import type { LogitMatrix } from '../logit-matrix.js';
import { averageRanks, spearman } from '../statistics/ranks.js';

/** Predicted class and confidence of every example. */
export interface Confidences {
  readonly predictions: Int32Array;
  /** `max_k p_k`. */
  readonly confidences: Float64Array;
}

/** The predictions and confidences of a model. */
export function confidencesOf(logits: LogitMatrix): Confidences {
  const predictions = new Int32Array(logits.rows);
  const confidences = new Float64Array(logits.rows);
  for (let row = 0; row < logits.rows; row++) {
    const values = rowOf(logits, row);
    const [first] = topTwo(values);
    predictions[row] = first;
    confidences[row] = softmax(values)[first]!;
  }
  return { predictions, confidences };
}

/** Two models on the same examples. */
export interface ConfidenceComparison {
  readonly standard: Confidences;
  readonly robust: Confidences;
  /** `d_i = c_i(robust) - c_i(standard)`. */
  readonly differences: Float64Array;
  /**
   * `r_i = (rank_robust(i) - rank_standard(i)) / n` of the confidences, in (-1, 1): blind to an
   * overall drop of confidence.
   */
  readonly rankDifferences: Float64Array;
  /** Spearman's rho of the confidences; null when one model is equally confident everywhere. */
  readonly spearman: number | null;
  /** Per example whether both predict the label. */
  readonly bothCorrect: readonly boolean[];
}

/**
 * On which examples two models differ in confidence (Seguin et al. 2021,
 * https://arxiv.org/abs/2108.12001: claim L2).
 *
 * @param labels - True classes, one per row.
 * @throws AdvrobError `ADVROB_SHAPE` unless all are of the same examples.
 */
export function compareConfidences(
  standardLogits: LogitMatrix,
  robustLogits: LogitMatrix,
  labels: ArrayLike<number>,
): ConfidenceComparison {
  checkSameShape(standardLogits, robustLogits);
  if (labels.length !== standardLogits.rows)
    throw new AdvrobError('ADVROB_SHAPE', `expected ${standardLogits.rows} labels, got ${labels.length}`);
  const [standard, robust] = [confidencesOf(standardLogits), confidencesOf(robustLogits)];
  const ranks = [averageRanks(standard.confidences), averageRanks(robust.confidences)] as const;
  const n = labels.length;
  return {
    standard,
    robust,
    differences: robust.confidences.map((value, i) => value - standard.confidences[i]!),
    rankDifferences: ranks[1].map((rank, i) => (rank - ranks[0][i]!) / n),
    spearman: spearman(standard.confidences, robust.confidences),
    bothCorrect: Array.from(labels, (label, i) => standard.predictions[i] === label && robust.predictions[i] === label),
  };
}
