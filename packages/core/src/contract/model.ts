import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Random } from './random.js';
import type { Origin } from './options.js';

/**
 * How a forward pass is made.
 * - `eval` (default): batch norm uses its running statistics, no dropout.
 * - `train`: batch statistics, running statistics are updated, dropout draws from `rng`.
 * - `probe`: as `train`, but buffers stay untouched (for AWP, flatness probes and attacks in
 *   train mode).
 */
export interface ForwardOptions {
  readonly mode?: 'eval' | 'train' | 'probe' | undefined;
  readonly rng?: Random | undefined;
  /**
   * Whether dropout is active in `train` and `probe` mode. Default true; false when statistics of
   * batch norm are re-estimated.
   */
  readonly dropout?: boolean | undefined;
}

/**
 * A differentiable classifier. Normalisation is part of the model: `logits` takes raw inputs inside
 * `bounds`.
 */
export interface Classifier {
  /** Shape of one example, without the batch axis, e.g. `[28, 28, 1]`. */
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  /** Smallest and largest legal input value, e.g. `[0, 1]`. */
  readonly bounds: readonly [number, number];
  /**
   * `x` [n, ...inputShape] to unnormalised scores [n, numClasses]. The result is the caller's to
   * dispose.
   */
  logits(x: Tensor, how?: ForwardOptions): Tensor;
  /** Trainable weights by stable names. */
  readonly weights: Readonly<Record<string, Variable>>;
  /** Saved but never trained, e.g. batch-norm statistics. */
  readonly buffers?: Readonly<Record<string, Variable>>;
  /** Input of the last layer, [n, f]. Given together with `head`. */
  features?(x: Tensor, how?: ForwardOptions): Tensor;
  /** The last layer: `head(features(x))` equals `logits(x)`. */
  head?(features: Tensor): Tensor;
  /**
   * Architecture and options, which `defineModel` fills in; they stand in files of its weights, so
   * that a file is a whole model.
   */
  readonly origin?: Origin;
  /** Frees the weights and buffers. */
  dispose?(): void;
}

/** What a decision-based attack may know. */
export interface LabelModel {
  readonly numClasses: number;
  readonly bounds: readonly [number, number];
  /** Predicted classes [n], int32. */
  labels(x: Tensor): Tensor;
}

/** What a score-based attack may know. */
export interface ScoreModel extends LabelModel {
  /** Scores [n, numClasses]. */
  logits(x: Tensor): Tensor;
}

/** What a gradient-based attack may know. */
export interface GradientModel extends ScoreModel {
  /**
   * One forward and one backward pass. `loss` maps logits [n, numClasses] to one value per row [n];
   * the gradient [n, ...inputShape] is that of their sum, so the gradient of a row does not depend
   * on the others.
   */
  gradient(x: Tensor, loss: (logits: Tensor) => Tensor): { gradient: Tensor; logits: Tensor; loss: Tensor };
}

/**
 * What an attack may know of the model: the key is its declared knowledge, the value the only
 * object it receives.
 */
export interface Knowledge {
  readonly gradients: GradientModel;
  readonly scores: ScoreModel;
  readonly labels: LabelModel;
}
