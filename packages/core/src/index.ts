export type * from './contract/index.js';
export * from './errors.js';
export * from './define.js';
export * from './event-loop.js';
export * from './memory-storage.js';
export * from './option-issues.js';
export * from './parse-options.js';
export * from './registry.js';
export * from './settle.js';
