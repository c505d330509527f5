/**
 * What lengths and positions of a schedule are counted in; `run` is the fraction of the whole run.
 */
export type ScheduleUnit = 'epochs' | 'steps' | 'run';

/**
 * A schedule as plain data, as it stands in a config file. Its value is a factor for the learning
 * rate or for epsilon: 1 leaves it as it is. Lengths and positions are in `unit`, default `epochs`.
 */
export type Schedule =
  /** Always 1. */
  | { readonly name: 'constant' }
  /** Times `factor` (default 0.1) at each position of `at`, as PyTorch's MultiStepLR. */
  | {
      readonly name: 'step';
      readonly at: readonly number[];
      readonly factor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  /**
   * Half a cosine from 1 to `floor` (default 0) over `length` (left out: the whole run), as PyTorch's
   * CosineAnnealingLR; `floor` after it.
   */
  | {
      readonly name: 'cosine';
      readonly length?: number | undefined;
      readonly floor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  /**
   * Linearly from `floor` (default 0) to 1 in `up` and back in `down`, again and again, as PyTorch's
   * CyclicLR. One cycle with `unit: 'run', up: 0.4, down: 0.6` is the schedule of fast adversarial
   * training (Wong, Rice, Kolter 2020, https://arxiv.org/abs/2001.03994).
   */
  | {
      readonly name: 'cyclic';
      readonly up: number;
      readonly down: number;
      readonly floor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  /**
   * 0 until `from` (default 0), then to 1 within `length`: as the fourth power for the first quarter,
   * linearly after it, without a jump of value or slope. The ramp of epsilon in certified training
   * (Zhang et al. 2020, https://arxiv.org/abs/1906.06316, and their code).
   */
  | {
      readonly name: 'smoothed-ramp';
      readonly length: number;
      readonly from?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  /**
   * Linearly from `from` (default 0) to 1 in `length`, times the schedule `then`, whose time also
   * begins at the start of the run.
   */
  | {
      readonly name: 'warm-up';
      readonly length: number;
      readonly from?: number | undefined;
      readonly then?: Schedule | undefined;
      readonly unit?: ScheduleUnit | undefined;
    };
