import { definePlugin } from '@advrob/core';
import { bounds } from './bounds/bounds.js';
import { clever } from './estimates/clever.js';
import { empiricalRobustness } from './estimates/empirical-robustness.js';
import { patchSmoothing } from './smoothing/patch-smoothing.js';
import { smoothing } from './smoothing/smoothing.js';

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

export default definePlugin({
  name: '@advrob/certification',
  contract: 1,
  certifiers: { bounds, smoothing },
  analyses: { clever, 'empirical-robustness': empiricalRobustness, 'patch-smoothing': patchSmoothing },
});

// Bounds and properties.
export { bounds } from './bounds/bounds.js';
export { readVnnlib, writeVnnlib, type Case, type Property } from './vnnlib/property.js';
export { resultText, verifyProperty, type Verification, type VerifyOptions } from './vnnlib/verify.js';
