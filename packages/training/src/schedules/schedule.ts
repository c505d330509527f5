import { z } from 'zod';

/** Where a run stands; whole passes count by the batches drawn. */
export interface ScheduleTime {
  /** Optimizer steps made so far: 0 for the first. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps in one pass over the data; need not be whole. */
  readonly stepsPerEpoch: number;
}

/** What lengths and positions of a schedule are counted in; `run` is the fraction of the whole run. */
export type ScheduleUnit = 'epochs' | 'steps' | 'run';

const unit = z.enum(['epochs', 'steps', 'run']).default('epochs').describe('what positions and lengths are counted in');
const floor = z.number().min(0).max(1).default(0).describe('smallest factor');

/**
 * A schedule as plain data, as it stands in a config file. Its value is a factor for the learning rate or for epsilon: 1 leaves it as it is.
 * - `constant`: 1.
 * - `step`: times `factor` at each position of `at`, as PyTorch's MultiStepLR.
 * - `cosine`: half a cosine from 1 to `floor` over `length` (left out: the whole run), as PyTorch's CosineAnnealingLR; `floor` after it.
 * - `cyclic`: linearly from `floor` to 1 in `up` and back in `down`, again and again, as PyTorch's CyclicLR; one cycle with
 *   `unit: 'run', up: 0.4, down: 0.6` is the schedule of fast adversarial training (Wong, Rice, Kolter 2020, https://arxiv.org/abs/2001.03994).
 * - `warm-up`: linearly from `from` to 1 in `length`, times the schedule `then`, whose time also begins at the start of the run.
 */
export type Schedule =
  | { readonly name: 'constant' }
  | {
      readonly name: 'step';
      readonly at: readonly number[];
      readonly factor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  | {
      readonly name: 'cosine';
      readonly length?: number | undefined;
      readonly floor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  | {
      readonly name: 'cyclic';
      readonly up: number;
      readonly down: number;
      readonly floor?: number | undefined;
      readonly unit?: ScheduleUnit | undefined;
    }
  | {
      readonly name: 'warm-up';
      readonly length: number;
      readonly from?: number | undefined;
      readonly then?: Schedule | undefined;
      readonly unit?: ScheduleUnit | undefined;
    };

/** Checks schedules that come from a config file. */
export const scheduleSchema: z.ZodType<Schedule, Schedule> = z.lazy(() =>
  z.discriminatedUnion('name', [
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({
      name: z.literal('step'),
      at: z.array(z.number().min(0)).describe('positions of the drops'),
      factor: z.number().positive().default(0.1).describe('factor of each drop'),
      unit,
    }),
    z.strictObject({
      name: z.literal('cosine'),
      length: z.number().positive().optional().describe('length of the half wave; left out: the whole run'),
      floor,
      unit,
    }),
    z.strictObject({
      name: z.literal('cyclic'),
      up: z.number().positive().describe('length of the rise'),
      down: z.number().positive().describe('length of the fall'),
      floor,
      unit,
    }),
    z.strictObject({
      name: z.literal('warm-up'),
      length: z.number().positive().describe('length of the warm-up'),
      from: z.number().min(0).max(1).default(0).describe('factor at the start'),
      then: scheduleSchema.default({ name: 'constant' }).describe('schedule that is multiplied with the warm-up'),
      unit,
    }),
  ]),
);
