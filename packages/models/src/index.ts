export * from './architecture.js';
export * from './architectures/compact-cnn.js';
export * from './architectures/lenet5.js';
export * from './architectures/mlp.js';
export * from './architectures/resnet18.js';
export * from './architectures/small-cnn.js';
export * from './architectures/two-layer.js';
export { default } from './plugin.js';
