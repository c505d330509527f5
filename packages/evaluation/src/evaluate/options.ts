import type { Classifier, Dataset, Json, RunStorage } from '@advrob/core';
import type { EvaluationProgress } from '../progress.js';
import type { Certificates } from './certificates/types.js';
import type { EvaluationAttack } from './runs.js';

export type { EvaluationAttack } from './runs.js';

/** What `evaluate` measures, and how. */
export interface EvaluateOptions {
  readonly model: Classifier;
  /** Read in data-set order. */
  readonly data: Dataset;
  /**
   * In the order in which they get the credit for an example; may be empty for clean accuracy
   * alone.
   */
  readonly attacks: readonly EvaluationAttack[];
  /**
   * What certifies beside them, by `certificates` of `@advrob/evaluation/certificates`: with both,
   * robust accuracy stands between two bounds. Default none.
   */
  readonly certifiers?: Certificates | undefined;
  /** Name of the model in records and reports. Default `model`. */
  readonly name?: string | undefined;
  /** Examples per batch. Part of what a resumed evaluation must share. Default 128. */
  readonly batchSize?: number | undefined;
  /** Of the attacks' random numbers. Default 0. */
  readonly seed?: number | undefined;
  /**
   * `all` (default): every attack on every example, so that each row of a table stands alone.
   * `survivors`: an attack skips the examples that an earlier one fooled in the same norm at no
   * larger epsilon; worst-case numbers stay the same and cost less, an attack's own count is then
   * cumulative.
   */
  readonly attackOn?: 'all' | 'survivors' | undefined;
  /**
   * Of so many first examples the images, predictions and confidences are kept for the report.
   * Default 8.
   */
  readonly samples?: number | undefined;
  /**
   * Saves every adversarial example in float32 (`adversarialName`), reads it back, and classifies
   * what was read, also rounded to 8 bits; needs `storage`. Default false.
   */
  readonly saveAdversarial?: boolean | undefined;
  /**
   * Where progress is kept and `examples.jsonl` is written. With it an evaluation that was killed
   * goes on where it stopped, and one that gets further attacks computes these alone.
   */
  readonly storage?: RunStorage | undefined;
  /**
   * Identity of a model without named weights, needed with `storage`; any text that changes when
   * the model does. Default: SHA-256 of the weights.
   */
  readonly modelHash?: string | undefined;
  /**
   * What else the results depend on and cannot be seen from here, such as versions of packages: a
   * storage with another one is refused. Entries more under a key `plugins` are no difference.
   */
  readonly config?: Json | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}
