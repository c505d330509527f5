import type { Schedule, ScheduleUnit } from '@advrob/core';
import * as z from 'zod';

export type { Schedule, ScheduleUnit };

/** Where a run stands; whole passes count by the batches drawn. */
export interface ScheduleTime {
  /** Optimizer steps made so far: 0 for the first. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps in one pass over the data; need not be whole. */
  readonly stepsPerEpoch: number;
}

const unit = z.enum(['epochs', 'steps', 'run']).default('epochs').describe('what positions and lengths are counted in');
const floor = z.number().min(0).max(1).default(0).describe('smallest factor');

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
