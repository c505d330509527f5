import { softmax, topTwo } from './logit-matrix.js';

/** What is measured of the logits z of one example, p = softmax(z). */
export interface LogitMeasures {
  /** Max logit `max_k z_k`. */
  readonly max: number;
  /** The same without the shift that the softmax does not see: `max_k z_k - mean_k z_k`. */
  readonly centredMax: number;
  /** Largest minus second largest logit. */
  readonly gap: number;
  /** `max_k p_k`. */
  readonly confidence: number;
  /** `p_y` of the true class. */
  readonly trueConfidence: number;
}

export type MeasureName = keyof LogitMeasures;

/** In the order of tables. */
export const measureNames = [
  'max',
  'centredMax',
  'gap',
  'confidence',
  'trueConfidence',
] as const satisfies readonly MeasureName[];

/** For tables and axes. */
export const measureTitles: Readonly<Record<MeasureName, string>> = {
  max: 'Max logit',
  centredMax: 'Max logit, centred',
  gap: 'Logit gap',
  confidence: 'Confidence',
  trueConfidence: 'Confidence in the true class',
};

/**
 * The measures of one row, in float64 (Seguin et al. 2021, https://arxiv.org/abs/2108.12001, max
 * logit and gap).
 */
export function measuresOf(logits: ArrayLike<number>, label: number): LogitMeasures {
  const [first, second] = topTwo(logits);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += logits[k]!;
  const probabilities = softmax(logits);
  return {
    max: logits[first]!,
    centredMax: logits[first]! - sum / logits.length,
    gap: logits[first]! - logits[second]!,
    confidence: probabilities[first]!,
    trueConfidence: probabilities[label]!,
  };
}
