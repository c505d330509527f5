import { definePlugin } from '@advrob/core';
import { randomCrop } from './augmentations/random-crop.js';
import { randomFlip } from './augmentations/random-flip.js';
import { ema } from './averagers/ema.js';
import { swa } from './averagers/swa.js';
import { alp } from './objectives/alp.js';
import { clp } from './objectives/clp.js';
import { cvar, cvarOptions } from './objectives/cvar.js';
import { erm } from './objectives/erm.js';
import { fgsmAt } from './objectives/fgsm-at.js';
import { free } from './objectives/free.js';
import { kd } from './objectives/kd.js';
import { mart } from './objectives/mart.js';
import { pgdAt } from './objectives/pgd-at.js';
import { smoothadv } from './objectives/smoothadv.js';
import { term } from './objectives/term.js';
import { trades } from './objectives/trades.js';
import { adam, adamw } from './optimizers/adam.js';
import { sgd } from './optimizers/sgd.js';
import { fgsmAtTrainer } from './trainers/fgsm-at.js';
import { freeTrainer } from './trainers/free.js';
import { martTrainer } from './trainers/mart.js';
import { pgdAtAwpTrainer } from './trainers/pgd-at-awp.js';
import { pgdAtTrainer } from './trainers/pgd-at.js';
import { tradesAwpTrainer } from './trainers/trades-awp.js';
import { tradesTrainer } from './trainers/trades.js';
import { awp } from './transforms/awp.js';

export { kdAt, type KdAtOptions } from './distillation/kd-at.js';
export { teacherLogits, type TeacherLogitsOptions } from './distillation/teacher-logits.js';
export type { LoggedEvent, MetricsEvent, TrainingEvent, ValidationEvent } from './fit/events.js';
export { fit, type FitResult } from './fit/fit.js';
export type { FitOptions, Guards, Measurement, Validation } from './fit/options.js';
export { filterNormalized } from './flatness/filter-normalized.js';
export { flatness, type Flatness, type FlatnessOptions } from './flatness/flatness.js';
export { robustOverfitting, type OverfittingCurve, type OverfittingPoint } from './logs/robust-overfitting.js';
export { encodeEvents, eventFileHeader, scalarsOf, type ScalarEvent } from './logs/event-file.js';
export { secondPass } from './objectives/second-pass.js';
export { factorAt } from './schedules/factor-at.js';
export { scheduleSchema, type Schedule, type ScheduleTime, type ScheduleUnit } from './schedules/schedule.js';
export { detach } from './weights/detach.js';
export { recalibrate, type RecalibrateOptions } from './weights/recalibrate.js';
export { withWeights } from './weights/with-weights.js';
export {
  adam,
  adamw,
  alp,
  awp,
  clp,
  cvar,
  cvarOptions,
  ema,
  erm,
  fgsmAt,
  free,
  kd,
  mart,
  pgdAt,
  randomCrop,
  randomFlip,
};
export { sgd, smoothadv, swa, term, trades };
export { fgsmAtTrainer, freeTrainer, martTrainer, pgdAtAwpTrainer, pgdAtTrainer, tradesAwpTrainer, tradesTrainer };

export default definePlugin({
  name: '@advrob/training',
  contract: 1,
  objectives: {
    erm,
    'fgsm-at': fgsmAt,
    free,
    'pgd-at': pgdAt,
    trades,
    mart,
    alp,
    clp,
    term,
    cvar,
    smoothadv,
    kd,
  },
  optimizers: { sgd, adam, adamw },
  transforms: { awp },
  averagers: { swa, ema },
  augmentations: { 'random-crop': randomCrop, 'random-flip': randomFlip },
  trainers: {
    'fgsm-at': fgsmAtTrainer,
    free: freeTrainer,
    'pgd-at': pgdAtTrainer,
    'pgd-at-awp': pgdAtAwpTrainer,
    trades: tradesTrainer,
    'trades-awp': tradesAwpTrainer,
    mart: martTrainer,
  },
});
