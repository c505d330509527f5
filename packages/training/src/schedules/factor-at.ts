import type { Schedule, ScheduleTime, ScheduleUnit } from './schedule.js';

/**
 * The factor of a schedule before the step `time.step` is made: a pure function of the step, so that a resumed run needs no memory of it.
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
    case 'warm-up': {
      const from = schedule.from ?? 0;
      const ramp = from + (1 - from) * Math.min(1, clock(time, schedule.unit) / schedule.length);
      return schedule.then ? ramp * factorAt(schedule.then, time) : ramp;
    }
  }
}

function clock({ step, steps, stepsPerEpoch }: ScheduleTime, unit: ScheduleUnit = 'epochs'): number {
  return { epochs: step / stepsPerEpoch, steps: step, run: step / steps }[unit];
}
