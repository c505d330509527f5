/**
 * What the architectures are built of, for architectures of your own with `defineArchitecture`.
 *
 * @packageDocumentation
 */
export * from './input-options.js';
export * from './layers/batch-norm.js';
export * from './layers/conv2d.js';
export * from './layers/dense.js';
export * from './layers/dropout.js';
export * from './layers/initializers.js';
export * from './layers/layer.js';
export type * from './layers/parameters.js';
