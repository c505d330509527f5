/**
 * Model files on disk, for Node. Everything else of this package runs in a browser as well.
 *
 * @packageDocumentation
 */
export * from './node/model-file.js';
export { loadLayersModelFolder, saveLayersModelFolder } from './node/model-folder.js';
export { loadOnnxFile, type LoadOnnxFileOptions } from './node/onnx-file.js';
export { saveOnnxFile } from './node/save-onnx.js';
