import { AdvrobError, didYouMean } from '@advrob/core';
import { checkSameShape, logitMatrix, type LogitMatrix } from '../logit-matrix.js';
import { m11, m5, m6, m7, m8 } from './data-set-means.js';
import type { Manipulation } from './manipulation.js';
import { m1, m2, m3, m4 } from './non-max-classes.js';
import { m10, m9 } from './two-teachers.js';

/** M0: the teacher as it is. */
const m0: Manipulation = {
  id: 'M0',
  summary: 'none',
  isGapSafe: true,
  minClasses: 2,
  needsStandard: false,
  apply: ({ robust }) => robust.values.slice(),
};

/** Ids of the manipulations, in order. */
export const manipulationIds = ['M0', 'M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10', 'M11'] as const;
export type ManipulationId = (typeof manipulationIds)[number];

/**
 * Changes of a teacher's logits, each of which takes one kind of information away from the student.
 */
export const manipulations: Readonly<Record<ManipulationId, Manipulation>> = {
  M0: m0,
  M1: m1,
  M2: m2,
  M3: m3,
  M4: m4,
  M5: m5,
  M6: m6,
  M7: m7,
  M8: m8,
  M9: m9,
  M10: m10,
  M11: m11,
};

export interface ManipulateOptions {
  /** Logits of a standard model on the same examples, needed by M9 and M10. */
  readonly standard?: LogitMatrix;
  /** Of the permutations of M2 and M4. Default 0. */
  readonly seed?: number | undefined;
}

/**
 * The logits of a robust teacher with one kind of information removed (Seguin et al. 2021,
 * https://arxiv.org/abs/2108.12001, claim L3; the catalogue is ours).
 *
 * @param robust - Logits of the robust teacher on the training examples, in data-set order; stays
 *   as it is.
 * @throws AdvrobError `ADVROB_UNKNOWN_NAME`; `ADVROB_OPTION` when M9 or M10 has no standard
 *   model, or when there are so few classes that the manipulation would change nothing;
 *   `ADVROB_SHAPE` when the two models were not collected on the same examples.
 * @example
 * ```ts
 * import { collectLogits, manipulate } from '@advrob/analysis-logits';
 * const { logits } = await collectLogits(robust, data);
 * const withoutOrder = manipulate('M3', logits); // keeps max logit, runner-up and gap of each example
 * ```
 */
export function manipulate(id: ManipulationId, robust: LogitMatrix, options: ManipulateOptions = {}): LogitMatrix {
  const { standard, seed = 0 } = options;
  if (!manipulationIds.includes(id))
    throw new AdvrobError('ADVROB_UNKNOWN_NAME', `no manipulation '${id}': ${didYouMean(id, manipulationIds)}`);
  const { needsStandard, minClasses, apply } = manipulations[id];
  if (robust.classes < minClasses)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `manipulation ${id} changes nothing with ${robust.classes} classes; it needs at least ${minClasses}: leave it out`,
    );
  if (needsStandard && !standard)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `manipulation ${id} needs the logits of a standard model on the same examples: pass { standard }`,
    );
  if (standard) checkSameShape(robust, standard);
  return logitMatrix(apply({ robust, standard, seed }), robust.classes);
}
