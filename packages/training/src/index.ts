import { definePlugin } from '@advrob/core';
import { erm } from './objectives/erm.js';
import { pgdAt } from './objectives/pgd-at.js';
import { adam, adamw } from './optimizers/adam.js';
import { sgd } from './optimizers/sgd.js';

export type { LoggedEvent, MetricsEvent, TrainingEvent, ValidationEvent } from './fit/events.js';
export { fit, type FitResult } from './fit/fit.js';
export type { FitOptions, Guards, Measurement, Validation } from './fit/options.js';
export { factorAt } from './schedules/factor-at.js';
export { scheduleSchema, type Schedule, type ScheduleTime, type ScheduleUnit } from './schedules/schedule.js';
export { detach } from './weights/detach.js';
export { recalibrate, type RecalibrateOptions } from './weights/recalibrate.js';
export { withWeights } from './weights/with-weights.js';
export { adam, adamw, erm, pgdAt, sgd };

export default definePlugin({
  name: '@advrob/training',
  contract: 1,
  objectives: { erm, 'pgd-at': pgdAt },
  optimizers: { sgd, adam, adamw },
});
