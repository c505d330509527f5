// Right gradients and kernels on every backend, also for who forgets to ask for them.
import '@advrob/core/gradients';
export * from './adapters/from-function.js';
export * from './adapters/from-layers-model.js';
export * from './architecture.js';
export * from './checks/check-classifier.js';
export type { GradientCheck } from './checks/check-gradient.js';
export * from './checks/likely-input.js';
export type { Normalization } from './layers/normalize.js';
export * from './plugin.js';
export { default } from './plugin.js';
export * from './tfjs-format/layers-model-files.js';
export type { ReadShard } from './tfjs-format/shards.js';
export * from './weights/load-model.js';
export * from './weights/save-weights.js';
export type { WeightLayout } from './weights/weight-file.js';
