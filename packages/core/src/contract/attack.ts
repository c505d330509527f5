import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier, ForwardOptions, Knowledge } from './model.js';
import type { Definition, Factory } from './options.js';
import type { RowRandom } from './random.js';
import type { Norm, Threat, ThreatModel } from './threat.js';

/** What a loss of an attack sees of its rows. */
export interface LossRows {
  /** Labels [n], int32. */
  readonly y: Tensor;
  /** Target classes [n], int32, in a targeted attack or a target lane. */
  readonly target?: Tensor | undefined;
  /** Logits of the clean examples [n, K]. */
  readonly clean: Tensor;
}

/**
 * A loss that an attack ascends. With `target` it rewards reaching the target, without it leaving
 * the label.
 */
export interface AttackLoss {
  readonly name: string;
  /**
   * Whether `value` reads the clean logits. Otherwise they may not be computed beforehand. Default
   * false.
   */
  readonly usesClean?: boolean;
  /** One value per row [n]. */
  value(logits: Tensor, rows: LossRows): Tensor;
}

/**
 * Everything bound to the rows under attack. All tensors have the rows as first axis and belong to
 * the framework.
 */
export interface Rows<K extends keyof Knowledge> {
  readonly model: Knowledge[K];
  readonly x: Tensor;
  readonly y: Tensor;
  readonly target?: Tensor | undefined;
  /**
   * Outputs of the clean examples: logits [rows, K], or labels [rows] for an attack that knows
   * labels only.
   */
  readonly clean: Tensor;
  readonly rng: RowRandom;
  readonly threat: ThreatModel;
  /**
   * The loss to ascend, one value per row: chosen by the caller (cross-entropy unless told
   * otherwise), not by the attack. For several points per row, logits [rows * k, K] with the k
   * points of a row one after another, one value per point.
   */
  lossOf(logits: Tensor): Tensor;
  /**
   * Hands over points with the outputs (logits, or labels) that a forward pass gave there. The
   * framework decides success, keeps the winner per example (first success for a fixed budget,
   * smallest distance for a minimal norm) and drops rows later.
   */
  offer(adv: Tensor, outputs: Tensor): void;
}

/** The rows inside a loop. */
export interface StepRows<K extends keyof Knowledge> extends Rows<K> {
  /** 0, 1, ... */
  readonly step: number;
  /**
   * Ends rows for this loop only: where `mask` [rows] (bool) is true, the state returned by this
   * step is final.
   */
  finish(mask: Tensor): void;
}

/**
 * The rows of one attack call, and the only five things it may await. Tensors that an attack makes
 * between two of these awaits are freed when it ends; await nothing else.
 */
export interface Scope<K extends keyof Knowledge> extends Rows<K> {
  /**
   * Runs `update` for `steps` steps. Every state tensor has the rows as first axis, goes in and
   * comes out full; `update` is synchronous tensor code on the rows that are still needed. Rows of
   * examples that are already decided come back with unspecified values.
   */
  iterate<S extends string>(
    start: Readonly<Record<S, Tensor>>,
    steps: number,
    update: (state: Readonly<Record<NoInfer<S>, Tensor>>, rows: StepRows<K>) => Readonly<Record<NoInfer<S>, Tensor>>,
  ): Promise<Record<S, Tensor>>;
  /**
   * Lanes: `k` copies of every row, [rows * k], or one per target class of `targets` [rows, k].
   * Success in any lane is success of the example. Row `i` becomes rows `i * k` to `i * k + k - 1`.
   */
  expand(lanes: number | { readonly targets: Tensor }): Scope<K>;
  /** Runs another attack on the examples that are not yet found. */
  attack(
    other: Attack,
    options?: { readonly restarts?: number | undefined; readonly loss?: AttackLoss | undefined },
  ): Promise<void>;
  /**
   * The points [rows, ...] that `other.maximize` makes of these rows on another model: its last
   * iterates, with the seed of this run. They are neither judged nor counted as queries; offer
   * them. Freed with the scope.
   */
  craft(other: Attack, surrogate: Classifier, options?: { readonly loss?: AttackLoss | undefined }): Promise<Tensor>;
  /** Values of a tensor. */
  read(tensor: Tensor): Promise<Float32Array | Int32Array | Uint8Array>;
  /**
   * Runs one round of several, and frees at its end all that was made in it but the tensors of its
   * result (a tensor or a plain object of them): so an attack holds no more in its last round than
   * in its first. A result that the next round replaces may be disposed.
   */
  tidy<T extends object | void>(round: () => Promise<T>): Promise<T>;
}

export interface AttackDefinition<I, O, K extends keyof Knowledge> extends Definition<I, O> {
  readonly knowledge: K;
  readonly norms: readonly Norm[];
  /**
   * `fixed`: any point of the ball that fools counts. `minimal`: searches the smallest distance and
   * may leave the ball on its way.
   */
  readonly budget: 'fixed' | 'minimal';
  /**
   * The loss when the caller names none. Default: cross-entropy. `null`: the attack has an
   * objective of its own, or none, and refuses a loss instead of ignoring it.
   */
  readonly loss?: AttackLoss | null;
  /** Whether `randomStart` or other randomness makes restarts differ. Default true. */
  readonly random?: boolean;
  /**
   * What a reader of a number under these options must know, as a sentence: that it tells less than
   * the attack's name promises. Left out, or undefined: nothing.
   */
  caveat?(options: O): string | undefined;
  /**
   * Of an attack that runs others one after another: which, for who tells the time that is left.
   * Left out: what is told of it may be wrong while it runs the first time.
   */
  members?(options: O, norm: Norm): readonly { readonly attack: Attack; readonly restarts?: number }[];
  /**
   * The method. Returns its last iterates [rows, ...], which the framework judges, or nothing when
   * all was offered.
   */
  perturb(scope: Scope<K>, options: O): Promise<Tensor | void>;
}

export interface Progress {
  /** Registry name of the attack. */
  readonly attack: string;
  readonly step: number;
  readonly steps: number;
  /** Rows still worked on, where known without reading back. */
  readonly rows: number;
}

/** Options of both entries. */
export interface CallOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Identity of each example, for randomness that does not depend on the batch. Default 0 to n - 1.
   */
  readonly ids?: Int32Array | undefined;
  /** Target classes [n], int32: success means predicted as target. */
  readonly targets?: Tensor | undefined;
  /** Independent starts, folded into the batch. Default 1. */
  readonly restarts?: number | undefined;
  readonly loss?: AttackLoss | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export type RunOptions = CallOptions;

export interface MaximizeOptions extends CallOptions {
  /** Forward mode of the model during the attack. Default `eval`. */
  readonly mode?: ForwardOptions['mode'] | undefined;
  /** Step of the training run: enters the randomness, so that every step draws anew. Default 0. */
  readonly step?: number | undefined;
  /**
   * Told the number of rows of every gradient with respect to the input, from which the cost of a
   * training is counted.
   */
  readonly onGradient?: ((rows: number) => void) | undefined;
  /**
   * Handed, once at the end and only after an attack that took gradients, how many rows of them were
   * not finite and counted as zero: a scalar that nobody has read yet, the receiver's to dispose.
   */
  readonly onNotFinite?: ((rows: Tensor) => void) | undefined;
}

/** What `run` found, in the order of the examples given. */
export interface AttackResult {
  /** 1 where the returned point fools the model within the budget, clean errors included. */
  readonly success: Uint8Array;
  /**
   * [n, ...inputShape]: the adversarial example, or the clean one where there is none. The caller's
   * to dispose.
   */
  readonly adversarial: Tensor;
  /** Distance of the returned point, computed in float64; 0 for clean errors and failures. */
  readonly distance: Float64Array;
  /**
   * Smallest distance at which the model was fooled, even outside the budget; Infinity where it
   * never was.
   */
  readonly closest: Float64Array;
  /**
   * Forward passes per example until it was found; the first clean pass and the final check are not
   * counted.
   */
  readonly queries: Int32Array;
  readonly cleanPrediction: Int32Array;
  /**
   * Prediction at the returned point, from a fresh forward pass; -1 where a score there is NaN, which
   * is right for no label.
   */
  readonly prediction: Int32Array;
  /**
   * Name of the attack that found the example (a member's name inside an ensemble), `clean` for
   * clean errors, null for failures.
   */
  readonly fooledBy: readonly (string | null)[];
  /**
   * Points that fooled the model during the attack but not in the fresh forward pass at the end;
   * they count as failures.
   */
  readonly unconfirmed: number;
  /**
   * What was no number: adversarial points whose scores hold NaN, which count as found, and rows of
   * input gradients, one per example and step, which count as zero.
   */
  readonly notFinite: { readonly points: number; readonly gradients: number };
  /** Share of examples that were classified rightly and withstood. */
  readonly robustAccuracy: number;
}

/** An attack with its options. */
export interface Attack {
  readonly name: string;
  readonly definition: AttackDefinition<unknown, unknown, keyof Knowledge>;
  /** The validated options. */
  readonly options: unknown;
  /**
   * Measures: skips clean errors, drops what is found, verifies what it returns. `x` [n, ...], `y`
   * [n] int32 or one-hot [n, K]; inputs are never disposed.
   */
  run(model: Classifier, x: Tensor, y: Tensor, threat: Threat, options?: RunOptions): Promise<AttackResult>;
  /**
   * Trains and probes: the last iterate of every example [n, ...]; nothing is skipped, dropped,
   * checked or read back.
   */
  maximize(model: Classifier, x: Tensor, y: Tensor, threat: Threat, options?: MaximizeOptions): Promise<Tensor>;
}

export type AttackFactory<I> = Factory<I, Attack, AttackDefinition<I, unknown, keyof Knowledge>>;
