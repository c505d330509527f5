export * from './graph/from-graph-model.js';
export * from './graph/load-graph-model.js';
export type { ReadShard } from './tfjs-format/shards.js';
