import { definePlugin } from '@advrob/core';
import { bounds } from './bounds/bounds.js';
import { clever } from './estimates/clever.js';
import { empiricalRobustness } from './estimates/empirical-robustness.js';
import { patchSmoothing } from './smoothing/patch-smoothing.js';
import { smoothing } from './smoothing/smoothing.js';
import { crownIbp, crownIbpTrainer } from './training/crown-ibp.js';
import { ibp, ibpTrainer } from './training/ibp.js';
import { mtlIbp, mtlIbpTrainer } from './training/mtl-ibp.js';
import { sabr, sabrTrainer } from './training/sabr.js';

// Smoothing and estimates.
export { smoothing } from './smoothing/smoothing.js';
export {
  smoothedClassifier,
  type SmoothedClassifier,
  type SmoothedPrediction,
} from './smoothing/smoothed-classifier.js';
export { clever, type CleverScore } from './estimates/clever.js';
export { empiricalRobustness } from './estimates/empirical-robustness.js';
export { patchSmoothing } from './smoothing/patch-smoothing.js';
export type { SmoothedCertificate } from './smoothing/certify.js';

// Certified training.
export { crownIbp, crownIbpTrainer, ibp, ibpTrainer, mtlIbp, mtlIbpTrainer, sabr, sabrTrainer };

export default definePlugin({
  name: '@advrob/certification',
  contract: 1,
  certifiers: { bounds, smoothing },
  objectives: { ibp, 'crown-ibp': crownIbp, sabr, 'mtl-ibp': mtlIbp },
  trainers: { ibp: ibpTrainer, 'crown-ibp': crownIbpTrainer, sabr: sabrTrainer, 'mtl-ibp': mtlIbpTrainer },
  analyses: { clever, 'empirical-robustness': empiricalRobustness, 'patch-smoothing': patchSmoothing },
});

// Bounds and properties.
export { bounds } from './bounds/bounds.js';
export { readVnnlib, writeVnnlib, type Case, type Property } from './vnnlib/property.js';
export { resultText, verifyProperty, type Verification, type VerifyOptions } from './vnnlib/verify.js';
