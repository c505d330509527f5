/**
 * What a model file holds and what can be attacked, for Node.
 *
 * @packageDocumentation
 */
export { inspectModelFile, type InspectOptions } from './inspect/inspect.js';
export type { FileFacts, InspectedPort, ModelInspection, Obstacle } from './inspect/inspection.js';
