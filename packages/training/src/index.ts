// Right gradients and kernels on every backend, also for who forgets to ask for them.
import '@advrob/core/gradients';
import { definePlugin } from '@advrob/core';
import { alp } from './methods/alp.js';
import { clp } from './methods/clp.js';
import { cvar, cvarOptions } from './methods/cvar.js';
import { erm } from './methods/erm.js';
import { fgsmAt, fgsmAtTrainer } from './methods/fgsm-at.js';
import { free, freeTrainer } from './methods/free.js';
import { gaussian } from './methods/gaussian.js';
import { kd } from './methods/kd.js';
import { macer } from './methods/macer.js';
import { mart, martTrainer } from './methods/mart.js';
import { pgdAt, pgdAtAwpTrainer, pgdAtTrainer } from './methods/pgd-at.js';
import { smoothadv } from './methods/smoothadv.js';
import { term } from './methods/term.js';
import { trades, tradesAwpTrainer, tradesTrainer } from './methods/trades.js';
import { adam, adamw } from './parts/adam.js';
import { awp } from './parts/awp.js';
import { ema } from './parts/ema.js';
import { randomCrop } from './parts/random-crop.js';
import { randomFlip } from './parts/random-flip.js';
import { sgd } from './parts/sgd.js';
import { swa } from './parts/swa.js';

export { encodeEvents, eventFileHeader, scalarsOf, type ScalarEvent } from './event-file.js';
export type { LoggedEvent, MetricsEvent, TrainingEvent, ValidationEvent } from './fit/events.js';
export { fit, type FitResult } from './fit/fit.js';
export type { FitOptions, Guards, Measurement, Validation } from './fit/options.js';
export { filterNormalized, flatness, type Flatness, type FlatnessOptions } from './flatness.js';
export { kdAt, type KdAtOptions } from './methods/kd-at.js';
export { teacherLogits, type TeacherLogitsOptions } from './methods/kd.js';
export { sgdShape } from './methods/shared.js';
export { secondPass } from './random.js';
export { robustOverfitting, type OverfittingCurve, type OverfittingPoint } from './robust-overfitting.js';
export { factorAt, scheduleSchema, type Schedule, type ScheduleTime, type ScheduleUnit } from './schedule.js';
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
  gaussian,
  kd,
  macer,
  mart,
  pgdAt,
  randomCrop,
};
export { randomFlip, sgd, smoothadv, swa, term, trades };
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
    gaussian,
    macer,
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
