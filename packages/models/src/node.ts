/**
 * Model files on disk, for Node. Everything else of this package runs in a browser as well.
 *
 * @packageDocumentation
 */
export * from './node/load-model-file.js';
export * from './node/save-model-file.js';
export * from './node/layers-model-folder.js';
