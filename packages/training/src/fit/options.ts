import type {
  Attack,
  Augmentation,
  AveragerBinding,
  Classifier,
  Dataset,
  Extras,
  ForwardOptions,
  Json,
  Objective,
  OptimizerBinding,
  RunStorage,
  Threat,
  WorkTransform,
} from '@advrob/core';
import type { Schedule } from '../schedule.js';
import type { TrainingEvent } from './events.js';

/**
 * A measurement of the model on validation data: `score` chooses the best weights, higher is
 * better.
 */
export interface Measurement {
  readonly score: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** How and when the model is measured on data that it is not trained on. Never pass test data. */
export interface Validation {
  readonly data: Dataset;
  /**
   * Passes over the training data from one measurement to the next; also measured at the end.
   * Default 1.
   */
  readonly every?: number | undefined;
  /** Default: the batch size of the training. */
  readonly batchSize?: number | undefined;
  /**
   * Measures robust accuracy against the threat of the run, which then is the score; left out: the
   * clean accuracy is.
   */
  readonly attack?: Attack | undefined;
  /** Replaces the measurement of accuracy and loss by one's own. */
  readonly measure?:
    | ((
        model: Classifier,
        context: {
          readonly epoch: number;
          readonly step: number;
          readonly seed: number;
          readonly signal?: AbortSignal | undefined;
        },
      ) => Promise<Measurement>)
    | undefined;
}

/**
 * Limits that stop a run which diverges. Checked whenever metrics are logged and before a
 * checkpoint is written.
 */
export interface Guards {
  /** Largest Euclidean norm of a gradient. Default 1e6. Values that are not finite always stop. */
  readonly maxGradientNorm?: number | undefined;
  /**
   * Largest mean absolute value of a weight tensor: weights that a step has thrown far away are
   * finite for one step more. Default 1e6.
   */
  readonly maxWeight?: number | undefined;
}

/** What {@link fit} trains, and how. */
export interface FitOptions<P extends Extras = Extras, E extends Extras = Extras> {
  /** Trained in place. */
  readonly model: Classifier;
  readonly data: Dataset<E>;
  readonly objective: Objective<P, NoInfer<E>>;
  /** Default: `sgd({ momentum: 0.9 })`. */
  readonly optimizer?: OptimizerBinding | undefined;
  /** For objectives that search adversarial examples. */
  readonly attack?: Attack | undefined;
  readonly threat?: Threat | undefined;
  /** Later ones see the work of earlier ones. */
  readonly transforms?: readonly WorkTransform[] | undefined;
  readonly averager?: AveragerBinding | undefined;
  /**
   * Changes of the inputs of each batch, in this order, before the objective sees them. Validation
   * data and batch norm's re-estimation go without.
   */
  readonly augmentations?: readonly Augmentation[] | undefined;

  /** Passes over the data. Either this or `steps`. */
  readonly epochs?: number | undefined;
  /** Optimizer steps. */
  readonly steps?: number | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /**
   * Leaves out the last batch of a pass when it is not full. Default true, unless the data is
   * smaller than one batch.
   */
  readonly dropLast?: boolean | undefined;
  /** Of the order of the data, the attack's starts and dropout. Default 0. */
  readonly seed?: number | undefined;
  /** Default 0.01. */
  readonly learningRate?: number | undefined;
  /** Factor of the learning rate. Default constant. */
  readonly schedule?: Schedule | undefined;
  /** Factor of the threat's epsilon, e.g. a warm-up. Default constant. */
  readonly epsilonSchedule?: Schedule | undefined;
  /**
   * Forward mode of the model while the attack runs. Default `eval`, as TRADES does; Madry's and
   * Rice's codes attack in `train` mode.
   */
  readonly attackMode?: ForwardOptions['mode'] | undefined;

  readonly validation?: Validation | undefined;
  readonly guards?: Guards | undefined;
  /**
   * Steps from one `metrics` event to the next. Part of the settings that a resumed run must share.
   * Default 50.
   */
  readonly logEvery?: number | undefined;
  /**
   * Where the run is saved, and after how many steps beside the end of each pass. A run that finds
   * its own checkpoint goes on from there. Files: `checkpoint.safetensors` (the whole state), and
   * weights with buffers, for any reader, in `last.safetensors`, `best.safetensors` (with
   * validation) and `averaged.safetensors` (with an averager).
   */
  readonly checkpoint?: { readonly storage: RunStorage; readonly every?: number | undefined } | undefined;
  /**
   * Which weights the model has when `fit` returns. Default `averaged` with an averager, else
   * `last`.
   */
  readonly keep?: 'last' | 'best' | 'averaged' | undefined;
  /**
   * Settings that `fit` cannot see, e.g. of a hand-written objective: a checkpoint of other
   * settings is refused.
   */
  readonly config?: Json | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
}
