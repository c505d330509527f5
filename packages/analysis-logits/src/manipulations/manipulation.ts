import type { LogitMatrix } from '../logit-matrix.js';

/** What a manipulation starts from. */
export interface Teachers {
  /** Logits of the robust teacher: what a student would learn unmanipulated. */
  readonly robust: LogitMatrix;
  /** Logits of a standard model on the same examples, for M9 and M10. */
  readonly standard?: LogitMatrix | undefined;
  /** Of the permutations. */
  readonly seed: number;
}

/** One entry of the catalogue. */
export interface Manipulation {
  readonly id: string;
  /** What happens to the logits, in a phrase. */
  readonly summary: string;
  /** Whether every example keeps its max logit and its logit gap, so that only information about the other classes is changed. */
  readonly isGapSafe: boolean;
  /** With fewer classes it changes nothing. */
  readonly minClasses: number;
  /** Whether it needs a standard model. */
  readonly needsStandard: boolean;
  /** New values [rows * classes]. */
  apply(teachers: Teachers): Float32Array;
}
