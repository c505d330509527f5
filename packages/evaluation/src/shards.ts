/**
 * An evaluation in parts: on several machines, or in several processes of one.
 *
 * @packageDocumentation
 */
export { evaluateShard, parsePiece, placesOf, type FinishedPiece, type Share } from './evaluate/shard.js';
export { mergeShards, type MergeableShard } from './evaluate/merge.js';
export { evaluateElsewhere, openBatches } from './evaluate/shard.js';
export { runOf } from './evaluate/outcome.js';
export type { BatchReport, BatchTask, Hands, OpenBatches } from './evaluate/shard.js';
export { adversarialName } from './record/adversarial.js';
