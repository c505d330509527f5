import type { ScheduleTime } from '../schedule.js';

/** Means over the steps since the last metrics. */
export interface MetricsEvent {
  readonly type: 'metrics';
  /** Steps made. */
  readonly step: number;
  /** Passes over the data made, with fraction. */
  readonly epoch: number;
  /** Learning rate of the last step. */
  readonly rate: number;
  /**
   * Radius of the threat in the last step, in units of the model's bounds; left out without a
   * threat.
   */
  readonly epsilon?: number;
  /** The loss `total` and the objective's named terms, mean over the gradients. */
  readonly loss: Readonly<Record<string, number>>;
  /** Euclidean norm of the gradient over all weights. */
  readonly gradientNorm: { readonly mean: number; readonly max: number };
}

/** Measurements on the validation data. */
export interface ValidationEvent {
  readonly type: 'validation';
  readonly step: number;
  /** Whole passes over the training data made. */
  readonly epoch: number;
  /** The weights as trained, or the averager's. */
  readonly weights: 'trained' | 'averaged';
  /** What `best` is chosen by: higher is better. */
  readonly score: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether no earlier score was as high. */
  readonly isBest: boolean;
  /**
   * How far the score is below the best so far, 0 at the best. Where it grows while the training
   * loss still falls, the run overfits.
   */
  readonly behindBest: number;
}

/**
 * What belongs into the log of a run: depends on the settings alone, so that an interrupted and
 * resumed run has the same list.
 */
export type LoggedEvent = MetricsEvent | ValidationEvent;

/**
 * What happens in a run, as plain JSON. No event needs a value to be read from the backend that was
 * not to be read anyway.
 */
export type TrainingEvent =
  | LoggedEvent
  | {
      readonly type: 'start';
      readonly step: number;
      readonly steps: number;
      readonly stepsPerEpoch: number;
      readonly resumed: boolean;
      /**
       * What was logged before the interruption: a log that may have run ahead of the checkpoint is
       * to be replaced by this.
       */
      readonly history: readonly LoggedEvent[];
    }
  | { readonly type: 'step'; readonly step: number; readonly steps: number; readonly epoch: number }
  | { readonly type: 'checkpoint'; readonly step: number; readonly name: string }
  | { readonly type: 'end'; readonly step: number; readonly epoch: number };

/** Where a run is before its next step. */
export interface Position extends ScheduleTime {
  /** Batches drawn so far. */
  readonly draws: number;
  /** Whole passes over the data. */
  readonly epoch: number;
}
