/**
 * One computation on many machines: works that are divided into shards, stores that hold what is
 * done, engines that say who does what, and the two that stand between them, coordinator and worker.
 *
 * @packageDocumentation
 */
export { LostChild, startChild, type AskOptions, type Child } from './child.js';
export { checkContract, contractHere, type Contract } from './contract.js';
export { coordinate, type CoordinateOptions, type CoordinatorState } from './coordinate.js';
export {
  cancelledError,
  FatalShardError,
  type ActiveShard,
  type DeadShard,
  type EngineConnection,
  type EngineStatus,
  type EngineTimes,
  type Lease,
  type ServeOptions,
  type ShardProgress,
  timesOf,
  type WorkCard,
} from './engine.js';
export { folderStore } from './folder-store.js';
export { memoryEngine, type MemoryConnection } from './memory-engine.js';
export { memoryStore } from './memory-store.js';
export { serveParent, type FromChild } from './parent.js';
export {
  decodeShard,
  encodeShard,
  fileName,
  shardName,
  shardsPlace,
  type Shard,
  type ShardContent,
  type ShardHeader,
} from './shard.js';
export { checkedName, type ArtefactStore } from './store.js';
export {
  blobName,
  isWorkId,
  parseCard,
  parseWork,
  readWork,
  sorted,
  workId,
  workText,
  writeWork,
  type Artefact,
  type Work,
} from './work.js';
export { workOn, type OpenRunner, type WorkerEvent, type WorkerOptions } from './work-on.js';
