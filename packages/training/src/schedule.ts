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
      name: z.literal('smoothed-ramp'),
      length: z.number().positive().describe('length of the ramp'),
      from: z.number().min(0).default(0).describe('position of its start'),
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

/**
 * The factor of a schedule before the step `time.step` is made: a pure function of the step, so
 * that a resumed run needs no memory of it.
 *
 * @example
 * ```ts
 * import { factorAt } from '@advrob/training';
 * factorAt({ name: 'step', at: [75, 90] }, { step: 0, steps: 1000, stepsPerEpoch: 10 }); // 1
 * factorAt({ name: 'step', at: [75, 90] }, { step: 800, steps: 1000, stepsPerEpoch: 10 }); // 0.1
 * ```
 */
export function factorAt(schedule: Schedule, time: ScheduleTime): number {
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'step': {
      const now = clock(time, schedule.unit);
      const drops = schedule.at.filter((position) => now >= position).length;
      return (schedule.factor ?? 0.1) ** drops;
    }
    case 'cosine': {
      const length = schedule.length ?? clock({ ...time, step: time.steps }, schedule.unit);
      const floor = schedule.floor ?? 0;
      const progress = Math.min(1, clock(time, schedule.unit) / length);
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
    }
    case 'cyclic': {
      const { up, down, floor = 0 } = schedule;
      const within = clock(time, schedule.unit) % (up + down);
      const height = within < up ? within / up : (up + down - within) / down;
      return floor + (1 - floor) * height;
    }
    case 'smoothed-ramp':
      return smoothedRamp(clock(time, schedule.unit) - (schedule.from ?? 0), schedule.length);
    case 'warm-up': {
      const from = schedule.from ?? 0;
      const ramp = from + (1 - from) * Math.min(1, clock(time, schedule.unit) / schedule.length);
      return schedule.then ? ramp * factorAt(schedule.then, time) : ramp;
    }
  }
}

/** a u^4 up to m = length / 4, then its tangent, where a makes it 1 at the end. */
function smoothedRamp(position: number, length: number): number {
  const u = Math.min(1, Math.max(0, position / length));
  const m = 0.25;
  const scale = 1 / (m ** 4 + 4 * m ** 3 * (1 - m));
  return Math.min(1, scale * (u <= m ? u ** 4 : m ** 4 + 4 * m ** 3 * (u - m)));
}

function clock({ step, steps, stepsPerEpoch }: ScheduleTime, unit: ScheduleUnit = 'epochs'): number {
  return { epochs: step / stepsPerEpoch, steps: step, run: step / steps }[unit];
}
