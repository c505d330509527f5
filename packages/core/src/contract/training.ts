import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Attack, AttackLoss } from './attack.js';
import type { Batch, Extras, NoExtras } from './dataset.js';
import type { Classifier, ForwardOptions } from './model.js';
import type { Definition, Factory, Origin } from './options.js';
import type { Random, RowRandom } from './random.js';
import type { Schedule } from './schedule.js';
import type { Threat, ThreatModel } from './threat.js';

/**
 * State that the engine saves in a checkpoint and restores: mutable, its keys fixed from the start.
 */
export type Saved = Record<string, Variable | number>;

/** A loss [] with its named parts, for logs and dual updates. */
export interface LossTerms {
  readonly total: Tensor;
  /** Scalars. */
  readonly terms?: Readonly<Record<string, Tensor>>;
}

/** What an objective has at hand while it prepares a batch. */
export interface PrepareContext {
  readonly model: Classifier;
  /** Optimizer steps made so far. */
  readonly step: number;
  /** Whole passes over the data made so far. */
  readonly epoch: number;
  /** Drawn anew for every batch. */
  readonly rng: Random;
  readonly threat: ThreatModel;
  /**
   * What the schedule of epsilon makes of it in this step, 1 being all: the threat's epsilon is
   * already times this.
   */
  readonly epsilonFactor: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Inner maximisation with the attack that the run names; the engine frees the result at the end
   * of the step at the latest.
   */
  maximize(batch: Batch, options?: InnerOptions): Promise<Tensor>;
}

/** What an objective may choose in its inner maximisation. */
export interface InnerOptions {
  /** Default: the attack's own, or cross-entropy. */
  readonly loss?: AttackLoss | undefined;
  /** Starts per example, the best of which is returned. Default 1. */
  readonly lanes?: number | undefined;
  /** Default: the attack of the run. */
  readonly attack?: Attack | undefined;
  /** What is attacked, e.g. a smoothed form of the model. Default: the model. */
  readonly model?: Classifier | undefined;
}

/** What the state of an objective may depend on. */
export interface ObjectiveSite {
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  /** Most rows that a batch has. */
  readonly batchSize: number;
}

/** What is minimised. `prepare` once per drawn batch, `loss` any number of times on it. */
export interface Objective<P extends Extras = Extras, E extends Extras = NoExtras> {
  /**
   * Makes the tensors that `loss` needs, e.g. adversarial examples. New tensors are the engine's to
   * free; the batch's own may be passed on.
   */
  readonly prepare: (batch: Batch<E>, context: PrepareContext) => Promise<P>;
  /** Pure, differentiable in the weights. */
  loss(prepared: P, model: Classifier, how: ForwardOptions): LossTerms;
  /**
   * Once per drawn batch, after its gradient: e.g. DALE's dual step. `inputGradients` holds, for
   * each name in `inputs`, the gradient of the total loss; it comes from the backward pass that
   * gave the weight gradient.
   */
  afterGradient?(terms: Readonly<Record<string, Tensor>>, inputGradients: Readonly<Record<string, Tensor>>): void;
  /** Prepared values whose gradients `afterGradient` wants. */
  readonly inputs?: readonly string[];
  /**
   * How often each batch of the data is drawn before the next, prepared anew each time, as in free
   * adversarial training. Default 1.
   */
  readonly replays?: number;
  /**
   * Called once, before the first batch and before `state` is read: makes state whose shape depends
   * on the run.
   */
  open?(site: ObjectiveSite): void;
  readonly state?: Saved;
  readonly origin?: Origin;
  dispose?(): void;
}

/**
 * A gradient with the loss terms it came with (`total` among them). The caller's to dispose; the
 * engine does so at the end of the step at the latest.
 */
export interface Gradient {
  /** By the names of the model's weights; zeros for a weight that the loss does not depend on. */
  readonly grads: Readonly<Record<string, Tensor>>;
  readonly terms: Readonly<Record<string, Tensor>>;
}

/** A drawn and prepared batch; lives until the next `draw` or the end of the step. */
export interface Prepared {
  readonly values: Extras;
}

/** How a gradient is taken. */
export interface GradientOptions {
  /** Leaves buffers untouched. Default false. */
  readonly probe?: boolean | undefined;
  /**
   * Dropout draws what it drew for the last gradient of this batch, so that the losses are those of
   * one network. Default false: every gradient draws anew.
   */
  readonly sameDraws?: boolean | undefined;
}

/** What a weight optimizer works with in one step. */
export interface Work {
  /** A fresh batch, prepared by the objective. */
  draw(): Promise<Prepared>;
  /** Gradient of the objective at the current weights. */
  gradient(prepared: Prepared, options?: GradientOptions): Promise<Gradient>;
  /**
   * Runs `body`, inside `tf.tidy`, which assigns new weights, at the weights where the last
   * gradient was taken: with AWP these are the perturbed ones, and the perturbation is taken back
   * afterwards. Weight decay and the like then act where the method wants it.
   */
  update(body: () => void): void;
  /** Leaves a tensor to the engine, which frees it at the end of the step, and gives it back. */
  hold<T extends Tensor>(tensor: T): T;
  readonly model: Classifier;
  /** Learning rate of this step. */
  readonly rate: number;
  readonly step: number;
  /** Whole passes over the data made so far. */
  readonly epoch: number;
  readonly rng: Random;
}

/** One outer update of the weights; may draw several batches. */
export interface WeightOptimizer {
  step(work: Work): Promise<void>;
  /** Batches that one step draws: turns epochs into steps. Default 1. */
  readonly draws?: number;
  readonly state: Saved;
  dispose?(): void;
}
/** Binds an optimizer to a model. */
export interface OptimizerBinding {
  (model: Classifier): WeightOptimizer;
  readonly origin?: Origin;
}

/** Changes what an optimizer sees, e.g. AWP or weight noise. */
export interface WorkTransform {
  (work: Work): Work;
  readonly origin?: Origin;
}

/**
 * Changes the inputs [n, ...inputShape] of a drawn batch before the objective prepares it; gives
 * new ones of the same shape. Runs inside `tf.tidy`. What a row becomes may depend on its own
 * values and draws alone.
 */
export interface Augmentation {
  (x: Tensor, rng: RowRandom): Tensor;
  readonly origin?: Origin;
}

/** An average of the weights along training. */
export interface Averager {
  afterStep?(model: Classifier): void;
  afterEpoch?(model: Classifier, epoch: number): void;
  readonly weights: Readonly<Record<string, Variable>>;
  /**
   * False while the average is still nothing but the weights: it is not measured then. Default
   * true.
   */
  readonly hasAverage?: boolean;
  readonly state: Saved;
  dispose?(): void;
}
export interface AveragerBinding {
  (model: Classifier): Averager;
  readonly origin?: Origin;
}

/** How to train: what a named trainer gives, and what `fit` takes beside model and data. */
export interface TrainingPlan<P extends Extras = Extras, E extends Extras = NoExtras> {
  readonly objective: Objective<P, E>;
  readonly optimizer?: OptimizerBinding;
  readonly attack?: Attack;
  readonly threat?: Threat;
  readonly transforms?: readonly WorkTransform[];
  readonly averager?: AveragerBinding;
  /** In this order. */
  readonly augmentations?: readonly Augmentation[];
  /**
   * Of a recipe: the rate at the start that belongs to its optimizer. What stands after it in
   * `fit({ ...plan, ... })` replaces it.
   */
  readonly learningRate?: number;
  /**
   * Of a recipe: the factor of the learning rate, best in fractions of the run (`unit: 'run'`), so
   * that it fits runs of any length.
   */
  readonly schedule?: Schedule;
  /** Of a recipe: the factor of epsilon, in fractions of the run too. */
  readonly epsilonSchedule?: Schedule;
}

export interface ObjectiveDefinition<I, O, P extends Extras = never, E extends Extras = never> extends Definition<
  I,
  O
> {
  create(options: O): Objective<P, E>;
}
export type ObjectiveFactory<I, P extends Extras = never, E extends Extras = never> = Factory<I, Objective<P, E>>;
export interface OptimizerDefinition<I, O> extends Definition<I, O> {
  create(options: O): OptimizerBinding;
}
export type OptimizerFactory<I> = Factory<I, OptimizerBinding>;
export interface TransformDefinition<I, O> extends Definition<I, O> {
  create(options: O): WorkTransform;
}
export type TransformFactory<I> = Factory<I, WorkTransform>;
export interface AugmentationDefinition<I, O> extends Definition<I, O> {
  create(options: O): Augmentation;
}
export type AugmentationFactory<I> = Factory<I, Augmentation>;
export interface AveragerDefinition<I, O> extends Definition<I, O> {
  create(options: O): AveragerBinding;
}
export type AveragerFactory<I> = Factory<I, AveragerBinding>;
/** A trainer is a named recipe: a function from options to a plan. */
export interface TrainerDefinition<I, O> extends Definition<I, O> {
  create(options: O): TrainingPlan;
}
export type TrainerFactory<I> = Factory<I, TrainingPlan>;
