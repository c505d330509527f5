export * from './adapters/from-graph-model.js';
export * from './tfjs-format/graph-model-files.js';
export type { ReadShard } from './tfjs-format/shards.js';
